#include "folder_scan.hpp"

#include <map>
#include <set>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/faces/ljson.hpp"
#include "lineament/faces/mat.hpp"
#include "lineament/faces/pts.hpp"
#include "text.hpp"

namespace lineament {
namespace {

namespace fs = std::filesystem;

const std::string kNoAnnotation = "there is no annotation beside it (wanted ";

/// Pictures that read_image does not know.
bool is_other_image(const fs::path& file) {
  return has_extension<7>(file, {".webp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif"});
}

/// A folder with annotations beside the images.
class FolderScan {
 public:
  FolderScan(const fs::path& root, const DatasetOptions& options)
      : root_(root), options_(options), own_(own_name(root)) {}

  Dataset run(const FileList& list) {
    data_.rejected = list.rejected;
    sort_images(list);
    for (const fs::path& file : list.files)
      if (extension(file) == ".pts") pts_.insert(without_extension(file));
    for (const fs::path& file : list.files)
      if (is_annotation(file)) add(file);
    for (const auto& [stem, files] : images_)
      for (const fs::path& file : files) report_unused(file, files[0]);
    for (const auto& [stem, file] : other_images_)
      if (!images_.count(stem) && !reported_.count(file) && is_wanted(file)) report_kind(file);
    std::stable_sort(data_.faces.begin(), data_.faces.end(),
                     [](const Face& a, const Face& b) { return a.image.generic_string() < b.image.generic_string(); });
    return std::move(data_);
  }

  /// One annotation file of the folder; its other files are not looked at.
  Dataset run_one(const FileList& list, const fs::path& annotation) {
    sort_images(list);
    add(annotation);
    return std::move(data_);
  }

 private:
  void sort_images(const FileList& list) {
    for (const fs::path& file : list.files) {
      if (is_image_name(file)) images_[without_extension(file)].push_back(file);
      if (is_other_image(file)) other_images_.emplace(without_extension(file), file);
    }
  }

  static std::string without_extension(const fs::path& file) {
    return (file.parent_path() / file.stem()).generic_string();
  }

  bool is_wanted(const fs::path& file) const {
    return options_.part == Part::all || part_of(own_ / file) == options_.part;
  }

  /// The image of an annotation: the one of its name, or of its name without the closing "_N".
  const fs::path* image_of(const fs::path& annotation) const {
    const std::string stem = without_extension(annotation);
    auto found = images_.find(stem);
    if (found == images_.end() && other_images_.count(stem)) return nullptr;  // it is of that one
    const auto bar = stem.find_last_not_of("0123456789");
    if (found == images_.end() && bar != std::string::npos && stem[bar] == '_' && bar + 1 < stem.size())
      found = images_.find(stem.substr(0, bar));
    return found == images_.end() ? nullptr : &found->second[0];
  }

  void add(const fs::path& file) {
    if (!is_wanted(file)) {
      ++data_.other_part;
      return;
    }
    const std::string kind = extension(file);
    if (kind != ".pts" && pts_.count(without_extension(file))) return;
    const fs::path path = root_ / file;
    const fs::path* image = image_of(file);
    if (!image) {
      const auto other = other_images_.find(without_extension(file));
      if (other == other_images_.end())
        data_.rejected.push_back({path.string(), "there is no image beside it (wanted " + file.stem().string() +
                                                     ".jpg, .png or the like); add the photo or remove the file"});
      else
        report_kind(other->second);
      return;
    }
    used_.insert(*image);
    try {
      Face face{.image = root_ / *image, .photo = photo_id(*image)};
      face.points = kind == ".mat"     ? read_mat(path, options_.scheme)
                    : kind == ".ljson" ? read_ljson(path, options_.group, options_.scheme)
                                       : read_pts(path, options_.scheme);
      data_.faces.push_back(std::move(face));
    } catch (const Error& error) {
      data_.rejected.push_back(text::rejected(error, path.string()));
    }
  }

  void report_kind(const fs::path& file) {
    if (!reported_.insert(file).second) return;
    data_.rejected.push_back({(root_ / file).string(),
                              "it is there, but this kind of image cannot be read (wanted JPEG, PNG, BMP or PNM); "
                              "convert it to JPEG or PNG"});
  }

  void report_unused(const fs::path& file, const fs::path& first_of_name) {
    if (used_.count(file) || !is_wanted(file)) return;
    const bool twin = file != first_of_name;
    data_.rejected.push_back(
        {(root_ / file).string(),
         twin ? "another image of the same name is used (" + first_of_name.filename().string() + "); remove one"
              : kNoAnnotation + file.stem().string() + ".pts or .ljson); annotate the photo or remove it"});
  }

  fs::path root_;
  const DatasetOptions& options_;
  fs::path own_;
  std::map<std::string, std::vector<fs::path>> images_;  ///< by relative path without extension
  std::map<std::string, fs::path> other_images_;         ///< of kinds that cannot be read; the same way
  std::set<fs::path> reported_;
  std::set<std::string> pts_;
  std::set<fs::path> used_;
  Dataset data_;
};

}  // namespace

std::string extension(const fs::path& file) {
  return text::lower(file.extension().string());
}

bool is_annotation(const fs::path& file) {
  return has_extension<3>(file, {".pts", ".ljson", ".mat"});
}

fs::path own_name(const fs::path& root) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(root.empty() ? "." : root, error), error);
  return error ? fs::path() : real.filename();
}

Dataset scan_beside(const fs::path& root, const FileList& list, const DatasetOptions& options) {
  return FolderScan(root, options).run(list);
}

Dataset scan_one(const fs::path& root, const FileList& list, const fs::path& annotation,
                 const DatasetOptions& options) {
  return FolderScan(root, options).run_one(list, annotation);
}

bool lacks_annotation(const Rejected& image) {
  return image.reason.starts_with(kNoAnnotation);
}

}  // namespace lineament
