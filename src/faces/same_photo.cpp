// Several data sets as one: photos are known by their canonical path and by their content.
#include <algorithm>
#include <map>
#include <set>

#include "faces/disjoint_sets.hpp"
#include "folder_scan.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/file.hpp"
#include "scan.hpp"

namespace lineament {
namespace {

namespace fs = std::filesystem;

/// For each face the first face whose photo has the same bytes. Only files of one size are read.
std::vector<std::size_t> first_of_photo(const std::vector<Face>& faces) {
  std::map<fs::path, std::size_t> by_path;  // canonical
  std::vector<std::size_t> first(faces.size());
  std::map<std::uintmax_t, std::vector<std::pair<fs::path, std::size_t>>> by_size;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    std::error_code error;
    fs::path real = fs::canonical(faces[i].image, error);
    if (error) real = faces[i].image;  // what is wrong with it is said when it is opened
    const auto [entry, is_new] = by_path.emplace(real, i);
    first[i] = entry->second;
    const std::uintmax_t size = is_new ? fs::file_size(real, error) : 0;
    if (is_new && !error) by_size[size].emplace_back(real, i);
  }
  std::map<std::size_t, std::size_t> earlier;  // of photos whose copy came before
  for (const auto& [size, files] : by_size) {
    if (files.size() < 2) continue;
    std::map<std::uint64_t, std::size_t> by_content;
    for (const auto& [path, i] : files) try {
        const auto [entry, is_new] = by_content.emplace(content_digest(read_file(path)), i);
        if (!is_new) earlier[std::max(i, entry->second)] = std::min(i, entry->second);
        entry->second = std::min(i, entry->second);
      } catch (const Error&) {  // as above
      }
  }
  for (std::size_t& i : first)
    if (const auto found = earlier.find(i); found != earlier.end()) i = found->second;
  return first;
}

/// The same points but for what writing them in another format does to them.
bool are_same(const Face& a, const Face& b) {
  if (a.points.size() != b.points.size()) return false;
  const Box box = bounding_box(a.points);
  const float tolerance = std::max(1.5f, 0.02f * std::max(box.width, box.height));
  for (std::size_t i = 0; i < a.points.size(); ++i)
    if (is_known(a.points[i]) && is_known(b.points[i]) && !(distance(a.points[i], b.points[i]) <= tolerance))
      return false;
  return true;
}

/// Takes out faces that are there twice, and gives those of one photo one name.
void bring_together(Dataset& data) {
  const std::vector<std::size_t> first = first_of_photo(data.faces);
  DisjointSets sets(data.faces.size());
  std::map<std::string, std::size_t> by_name;
  std::map<std::size_t, std::vector<std::size_t>> kept;  // faces of each photo
  std::vector<bool> twice(data.faces.size());
  std::size_t count = 0;
  std::string example;
  for (std::size_t i = 0; i < data.faces.size(); ++i) {
    sets.join(i, first[i]);
    sets.join(i, by_name.emplace(data.faces[i].photo, i).first->second);
    std::vector<std::size_t>& others = kept[first[i]];
    const auto same = std::find_if(others.begin(), others.end(),
                                   [&](std::size_t k) { return are_same(data.faces[k], data.faces[i]); });
    if (same == others.end()) {
      others.push_back(i);
      continue;
    }
    if (!data.faces[*same].box) data.faces[*same].box = data.faces[i].box;
    twice[i] = true;
    if (count++ == 0) example = data.faces[i].image.string();
  }
  std::map<std::size_t, std::string> names;  // the smallest: whatever the order of the data sets
  for (std::size_t i = 0; i < data.faces.size(); ++i) {
    const auto [name, is_new] = names.emplace(sets.of(i), data.faces[i].photo);
    if (!is_new) name->second = std::min(name->second, data.faces[i].photo);
  }
  std::map<std::string, std::set<std::size_t>> files;  // of each name
  for (std::size_t i = 0; i < data.faces.size(); ++i) files[names[sets.of(i)]].insert(first[i]);
  constexpr std::size_t kMany = 10;  // faces of one picture, each in a file of its own
  for (const auto& [name, photos] : files)
    if (photos.size() > kMany)
      data.notes.push_back(std::to_string(photos.size()) +
                           " photos count as one by their names, as faces of one "
                           "picture: " +
                           name + "_1, _2 …; they are held out together");
  std::vector<Face> once;
  for (std::size_t i = 0; i < data.faces.size(); ++i) {
    if (twice[i]) continue;
    data.faces[i].photo = names[sets.of(i)];
    once.push_back(std::move(data.faces[i]));
  }
  data.faces = std::move(once);
  if (count > 0)
    data.notes.push_back(std::to_string(count) + (count == 1 ? " face is" : " faces are") +
                         " in the data more than once and used once (" + (count == 1 ? "" : "the first: ") + example +
                         ")");
}

/// Takes out faces whose photo is also among the test photos, under another name.
void drop_tests(Dataset& data, std::span<const fs::path> paths, DatasetOptions options) {
  if (options.part != Part::train) return;
  options.part = Part::test;
  std::vector<Face> faces;
  for (const fs::path& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {  // whether they are annotated or not
      for (const fs::path& image : images_in(path))
        if (part_of(own_name(path) / inside(path, image)) == Part::test) faces.push_back({.image = image, .photo = ""});
    } else if (data.other_part > 0) {
      Dataset tests = scan_dataset(path, options);
      std::move(tests.faces.begin(), tests.faces.end(), std::back_inserter(faces));
    }
  }
  if (faces.empty()) return;
  const std::size_t tests = faces.size();
  faces.insert(faces.end(), data.faces.begin(), data.faces.end());
  const std::vector<std::size_t> first = first_of_photo(faces);
  std::vector<Face> kept;
  for (std::size_t i = 0; i < data.faces.size(); ++i)
    if (first[tests + i] >= tests) kept.push_back(std::move(data.faces[i]));
  if (const std::size_t count = data.faces.size() - kept.size(); count > 0)
    data.notes.push_back(std::to_string(count) + (count == 1 ? " face is" : " faces are") +
                         " in copies of test photos and not trained on");
  data.faces = std::move(kept);
}

}  // namespace

Dataset scan_datasets(std::span<const fs::path> paths, const DatasetOptions& options, bool require) {
  Dataset all;
  for (const fs::path& path : paths) {
    Dataset one = scan_dataset(path, options);
    if (require) require_faces(one, path, options);
    std::move(one.faces.begin(), one.faces.end(), std::back_inserter(all.faces));
    std::move(one.rejected.begin(), one.rejected.end(), std::back_inserter(all.rejected));
    std::move(one.notes.begin(), one.notes.end(), std::back_inserter(all.notes));
    all.other_part += one.other_part;
  }
  drop_tests(all, paths, options);
  bring_together(all);
  return all;
}

Dataset read_datasets(std::span<const fs::path> paths, const DatasetOptions& options) {
  if (paths.empty()) throw ArgumentError({"data", "there is no data set", "at least one path", "none", ""});
  return scan_datasets(paths, options, true);
}

Dataset read_dataset(const fs::path& path, const DatasetOptions& options) {
  return read_datasets(std::span(&path, 1), options);
}

}  // namespace lineament
