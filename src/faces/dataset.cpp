// Matches annotations with images, picks the part asked for, and reports what does not fit.
#include "lineament/faces/dataset.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "lineament/error.hpp"
#include "lineament/faces/csv.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/faces/ljson.hpp"
#include "lineament/faces/pts.hpp"
#include "scan.hpp"
#include "text.hpp"

namespace lineament {
namespace {

namespace fs = std::filesystem;

std::string extension(const fs::path& file) {
  return text::lower(file.extension().string());
}
bool is_image(const fs::path& file) {
  constexpr std::array<std::string_view, 7> kImages{".jpg", ".jpeg", ".png", ".bmp", ".pnm", ".ppm", ".pgm"};
  return std::find(kImages.begin(), kImages.end(), extension(file)) != kImages.end();
}
bool is_annotation(const fs::path& file) {
  return extension(file) == ".pts" || extension(file) == ".ljson";
}

/// The last name of a data set's path, also for "." and "a/..": it may say which part of 300-W this is.
fs::path own_name(const fs::path& root) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(root.empty() ? "." : root, error), error);
  return error ? fs::path() : real.filename();
}

/// A folder with annotations beside the images.
class FolderScan {
 public:
  FolderScan(const fs::path& root, const DatasetOptions& options)
      : root_(root), part_(options.part), own_(own_name(root)) {}

  Dataset run(const FileList& list) {
    data_.rejected = list.rejected;
    for (const fs::path& file : list.files)
      if (is_image(file)) images_[without_extension(file)].push_back(file);
    for (const fs::path& file : list.files)
      if (extension(file) == ".pts") pts_.insert(without_extension(file));
    for (const fs::path& file : list.files)
      if (is_annotation(file)) add(file);
    for (const auto& [stem, files] : images_)
      for (const fs::path& file : files) report_unused(file, files[0]);
    std::stable_sort(data_.faces.begin(), data_.faces.end(),
                     [](const Face& a, const Face& b) { return a.image.generic_string() < b.image.generic_string(); });
    return std::move(data_);
  }

  /// One annotation file of the folder; its other files are not looked at.
  Dataset run_one(const FileList& list, const fs::path& annotation) {
    for (const fs::path& file : list.files)
      if (is_image(file)) images_[without_extension(file)].push_back(file);
    add(annotation);
    return std::move(data_);
  }

 private:
  static std::string without_extension(const fs::path& file) {
    return (file.parent_path() / file.stem()).generic_string();
  }

  bool is_wanted(const fs::path& file) const { return part_ == Part::all || part_of(own_ / file) == part_; }

  /// The image of an annotation: the one of its name, or of its name without the closing "_N".
  const fs::path* image_of(const fs::path& annotation) const {
    const std::string stem = without_extension(annotation);
    auto found = images_.find(stem);
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
    const bool ljson = extension(file) == ".ljson";
    if (ljson && pts_.count(without_extension(file))) return;
    const fs::path path = root_ / file;
    const fs::path* image = image_of(file);
    if (!image) {
      data_.rejected.push_back({path.string(), "there is no image beside it (wanted " + file.stem().string() +
                                                   ".jpg, .png or the like); add the photo or remove the file"});
      return;
    }
    used_.insert(*image);
    try {
      const Landmarks points = ljson ? read_ljson(path) : read_pts(path);
      data_.faces.push_back({root_ / *image, points, std::nullopt, photo_id(*image)});
    } catch (const Error& error) {
      data_.rejected.push_back(text::rejected(error, path.string()));
    }
  }

  void report_unused(const fs::path& file, const fs::path& first_of_name) {
    if (used_.count(file) || !is_wanted(file)) return;
    const bool twin = file != first_of_name;
    data_.rejected.push_back(
        {(root_ / file).string(),
         twin ? "another image of the same name is used (" + first_of_name.filename().string() + "); remove one"
              : "there is no annotation beside it (wanted " + file.stem().string() +
                    ".pts or .ljson); annotate the photo or remove it"});
  }

  fs::path root_;
  Part part_;
  fs::path own_;
  std::map<std::string, std::vector<fs::path>> images_;  ///< by relative path without extension
  std::set<std::string> pts_;
  std::set<fs::path> used_;
  Dataset data_;
};

/// Takes out faces of the other part and faces whose image is not there.
Dataset checked_list(Dataset list, const fs::path& folder, Part part) {
  const fs::path own = own_name(folder);
  Dataset result;
  result.rejected = std::move(list.rejected);
  std::map<fs::path, bool> exists;
  for (Face& face : list.faces) {
    if (part != Part::all && part_of(own / inside(folder, face.image)) != part) {
      ++result.other_part;
      continue;
    }
    const auto [entry, is_new] = exists.try_emplace(face.image, false);
    std::error_code error;
    if (is_new) entry->second = fs::is_regular_file(face.image, error);
    if (entry->second)
      result.faces.push_back(std::move(face));
    else if (is_new)
      result.rejected.push_back(
          {face.image.string(), "the annotated image does not exist; check the path in the list"});
  }
  std::stable_sort(result.faces.begin(), result.faces.end(),
                   [](const Face& a, const Face& b) { return a.image.generic_string() < b.image.generic_string(); });
  return result;
}

Dataset scan_file(const fs::path& path, const DatasetOptions& options) {
  const fs::path folder = path.parent_path();
  const std::string kind = extension(path);
  if (kind == ".xml") return checked_list(read_imglab(path), folder, options.part);
  if (kind == ".csv") return checked_list(read_csv(path), folder, options.part);
  if (is_annotation(path)) {
    const fs::path listed = folder.empty() ? fs::path(".") : folder;
    return FolderScan(folder, options).run_one(list_files(listed, false), path.filename());
  }
  throw FormatError({path.string(), "the kind of data set is unknown",
                     "a folder, or an .xml, .csv, .pts or .ljson file", text::in_quotes(kind), "check the path"});
}

[[noreturn]] void fail_empty(const fs::path& path, const std::string& got) {
  throw FileError({path.string(), "there is no annotated face",
                   "images with .pts or .ljson files of the same name, or the path of an .xml or .csv list", got,
                   "check the path"});
}

}  // namespace

Part part_of(const fs::path& file) {
  const fs::path parent = file.parent_path();
  std::vector<std::string> folders;
  for (const fs::path& name : parent) folders.push_back(text::lower(name.string()));
  for (auto name = folders.rbegin(); name != folders.rend(); ++name) {
    if (*name == "trainset" || *name == "afw") return Part::train;
    if (*name == "testset" || *name == "ibug" || *name == "01_indoor" || *name == "02_outdoor") return Part::test;
  }
  return Part::train;
}

fs::path inside(const fs::path& root, const fs::path& image) {
  const fs::path relative = image.lexically_normal().lexically_relative(root.lexically_normal());
  return relative.empty() ? image : relative;
}

Dataset scan_dataset(const fs::path& path, const DatasetOptions& options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    throw FileError({path.string(), "the data set cannot be opened", "a folder or an annotation file",
                     error ? error.message() : "nothing of this name", "check the path"});
  if (!fs::is_directory(status)) return scan_file(path, options);
  const FileList list = list_files(path, true);
  Dataset data = FolderScan(path, options).run(list);
  if (data.faces.empty() && data.rejected.empty() && data.other_part == 0)
    fail_empty(path, list.files.empty() ? "an empty folder" : std::to_string(list.files.size()) + " other files");
  return data;
}

Dataset read_dataset(const fs::path& path, const DatasetOptions& options) {
  Dataset data = scan_dataset(path, options);
  if (!data.faces.empty()) return data;
  if (!data.rejected.empty())
    throw FormatError({path.string(), "no face can be used", "at least one",
                       std::to_string(data.rejected.size()) + " rejected files",
                       "the first is " + data.rejected[0].file + ": " + data.rejected[0].reason});
  if (data.other_part > 0) {
    const bool train = options.part == Part::train;
    throw FileError({path.string(), train ? "all faces are test faces of 300-W" : "all faces are training faces",
                     train ? "training faces" : "test faces (folders testset, ibug)",
                     std::to_string(data.other_part) + " of the other part",
                     "choose another folder, or read all parts"});
  }
  fail_empty(path, "a list without faces");
}

}  // namespace lineament
