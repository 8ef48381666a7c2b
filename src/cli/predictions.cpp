#include "cli/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "cli/console.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/pts.hpp"

namespace lineament::cli {
namespace {

/// The longest end of "a/b/c" that is a file below `folder`.
std::optional<Path> find(const Path& folder, const Path& name) {
  Path rest = name.relative_path();
  std::error_code error;
  while (!rest.empty()) {
    if (std::filesystem::is_regular_file(folder / rest, error)) return folder / rest;
    Path shorter;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part) shorter /= *part;
    rest = shorter;
  }
  return std::nullopt;
}

bool eyes_known(const Landmarks& points, const Scheme& scheme) {
  const auto is_length = [](float length) { return std::isfinite(length) && length > 0; };
  return is_length(inter_ocular(points, scheme)) && is_length(inter_pupil(points, scheme));
}

/// Between the points that both have.
double mean_distance(const Landmarks& a, const Landmarks& b) {
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (is_known(a[i]) && is_known(b[i])) sum += std::hypot(a[i].x - b[i].x, a[i].y - b[i].y), ++count;
  return count > 0 ? sum / count : INFINITY;
}

Landmarks read_points(const Path& file, const Scheme& scheme) {
  constexpr float kLongestSide = 1e6f;
  Landmarks points = read_pts(file, scheme);
  for (const Point& p : points)
    if (std::max(std::abs(p.x), std::abs(p.y)) > kLongestSide)
      throw FormatError({file.string(), "a point is so far off that no photo has it", "pixels of the photo",
                         text("%g, %g", static_cast<double>(p.x), static_cast<double>(p.y)), ""});
  return points;
}

class Reader {
 public:
  Reader(std::span<const Face> faces, const Path& folder, const Scheme& scheme)
      : faces_(faces), folder_(folder), scheme_(scheme) {
    for (std::size_t i = 0; i < faces.size(); ++i) {
      of_photo_[faces[i].image].push_back(i);
      names_.insert(name_of(faces[i].image, ""));
    }
  }

  Predictions read() {
    for (const auto& [photo, faces] : of_photo_) one(photo, faces);
    std::sort(found_.faces.begin(), found_.faces.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
    return std::move(found_);
  }

 private:
  struct File {
    Path path;
    Landmarks points;
  };

  static Path name_of(const Path& photo, const std::string& number) {
    return photo.lexically_normal().parent_path() / (photo.stem().string() + number + ".pts");
  }

  void one(const Path& photo, const std::vector<std::size_t>& faces) {
    const std::vector<Path> paths = files_of(photo, faces.size());
    std::vector<File> files;
    for (const Path& path : paths) {
      try {
        files.push_back({path, read_points(path, scheme_)});
      } catch (const Error& e) {
        found_.damaged.push_back({path.string(), reason_of(e)});
      }
    }
    const std::vector<const File*> nearest = match(faces, files);
    for (std::size_t i = 0; i < faces.size(); ++i)
      if (nearest[i] != nullptr) take(faces[i], nearest[i]->points);
    for (std::size_t i = paths.size(); i < faces.size(); ++i)
      found_.missing.push_back(name_of(photo, faces.size() > 1 ? "_" + std::to_string(i + 1) : "").filename().string());
  }

  /// Its predictions: name.pts, or name_1.pts, name_2.pts and so on; name__1.pts, as predict writes them, where a photo
  /// is called name_1.
  std::vector<Path> files_of(const Path& photo, std::size_t faces) {
    std::vector<Path> files;
    const auto add = [&](const Path& name) {
      const auto file = find(folder_, name);
      if (file) files.push_back(*file);
      return file.has_value();
    };
    const bool alone = add(name_of(photo, "")) && faces == 1;
    bool skipped = !alone;
    for (std::string stem = "_"; skipped; stem += "_") {
      skipped = false;
      bool more = true;
      for (std::size_t number = 1; more || number <= faces; ++number) {  // one of them may be missing
        const Path name = name_of(photo, stem + std::to_string(number));
        const bool of_other = is_photo(name, photo.extension());
        skipped = skipped || of_other;
        more = !of_other && add(name);
      }
    }
    return taken_by(photo, files);
  }

  /// Whether a photo has this name for its own, measured or not.
  bool is_photo(const Path& name, const Path& extension) const {
    std::error_code error;
    return names_.contains(name) || std::filesystem::exists(Path(name).replace_extension(extension), error);
  }

  std::vector<Path> taken_by(const Path& photo, const std::vector<Path>& files) {
    for (const Path& file : files) {
      const auto [other, fresh] = taken_.emplace(file, photo);
      if (!fresh)
        throw ArgumentError({file.string(), "it would be the prediction for two photos",
                             "a file for each, in folders as the photos are",
                             other->second.string() + " and " + photo.string(), ""});
    }
    return files;
  }

  /// For each face a file of its own or none: those that are nearest to each other first.
  std::vector<const File*> match(const std::vector<std::size_t>& faces, const std::vector<File>& files) const {
    struct Pair {
      double distance;
      std::size_t face, file;
    };
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < faces.size(); ++i)
      for (std::size_t j = 0; j < files.size(); ++j)
        pairs.push_back({mean_distance(faces_[faces[i]].points, files[j].points), i, j});
    std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.distance < b.distance; });
    std::vector<const File*> of_face(faces.size());
    std::vector<bool> used(files.size());
    for (const Pair& p : pairs) {
      if (of_face[p.face] != nullptr || used[p.file]) continue;
      of_face[p.face] = &files[p.file];
      used[p.file] = true;
    }
    return of_face;
  }

  void take(std::size_t index, const Landmarks& predicted) {
    const Landmarks& truth = faces_[index].points;
    if (!eyes_known(truth, scheme_)) {
      ++found_.eyes_not_known;
      return;
    }
    const Box box = bounding_box(truth);
    found_.faces.push_back({index, predicted, truth, {}, static_cast<double>(std::max(box.width, box.height))});
  }

  std::span<const Face> faces_;
  const Path& folder_;
  const Scheme& scheme_;
  std::map<Path, std::vector<std::size_t>> of_photo_;
  std::set<Path> names_;        ///< those that photos have for themselves
  std::map<Path, Path> taken_;  ///< by file: its photo
  Predictions found_;
};

}  // namespace

Predictions read_predictions(std::span<const Face> faces, const Path& folder, const Scheme& scheme) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw FileError({folder.string(), "there is no folder of this name", "a folder of .pts files",
                     std::filesystem::exists(folder, error) ? "a file" : "nothing", "check the path"});
  return Reader(faces, folder, scheme).read();
}

}  // namespace lineament::cli
