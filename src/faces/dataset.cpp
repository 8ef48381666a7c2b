// A data set from a folder or a list: the part asked for, and why the rest cannot be used.
#include "lineament/faces/dataset.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "folder_scan.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/csv.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/faces/plausible.hpp"
#include "lineament/faces/wflw.hpp"
#include "lineament/faces/xml.hpp"
#include "scan.hpp"
#include "text.hpp"

namespace lineament {
namespace {

namespace fs = std::filesystem;

bool is_list(const fs::path& file) {
  return has_extension<4>(file, {".xml", ".csv", ".json", ".txt"});
}

/// Why the image of a list cannot be opened, as far as can be seen.
std::string missing_image(const fs::path& image) {
  const std::string name = image.string();
  std::error_code error;
  const fs::file_status status = fs::status(image, error);
  if (status.type() == fs::file_type::none)
    return "the annotated image cannot be looked at (got " + error.message() + "); check the permissions of its folder";
  if (fs::exists(status))
    return std::string("the annotated image is no file (got ") + (fs::is_directory(status) ? "a folder" : "a device") +
           "); check the path in the list";
  if (name.find(":/") != std::string::npos || name.find('\\') != std::string::npos)
    return "the annotated image does not exist: the list has the path of another machine; write paths relative to the "
           "list into it";
  return "the annotated image does not exist; check the path in the list";
}

/// Takes out faces of the other part and faces whose image is not there.
Dataset checked_list(Dataset list, const fs::path& folder, Part part) {
  const fs::path own = own_name(folder);
  Dataset result;
  result.rejected = std::move(list.rejected);
  result.notes = std::move(list.notes);
  std::map<fs::path, bool> exists;
  // Of paths of another machine only the last parts are looked for here: two photos may come to one file.
  std::map<fs::path, std::set<std::string>> names;
  for (const Face& face : list.faces)
    if (text::has_drive(face.listed)) names[face.image].insert(text::lower(face.listed));
  for (Face& face : list.faces) {
    if (const auto found = names.find(face.image); found != names.end() && found->second.size() > 1) {
      result.rejected.push_back({face.image.string(), "the list names several photos that would be this file, " +
                                                          *found->second.begin() + " and " + *found->second.rbegin() +
                                                          "; keep their folders, beside the list"});
      continue;
    }
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
      result.rejected.push_back({face.image.string(), missing_image(face.image)});
  }
  std::stable_sort(result.faces.begin(), result.faces.end(),
                   [](const Face& a, const Face& b) { return a.image.generic_string() < b.image.generic_string(); });
  return result;
}

Dataset read_list(const fs::path& path, const Scheme& scheme) {
  const std::string kind = extension(path);
  if (kind == ".csv") return read_csv(path, scheme);
  if (kind == ".json") return read_json(path, scheme);
  if (kind == ".txt") return read_wflw(path, scheme);
  return read_xml(path, scheme);
}

Dataset scan_file(const fs::path& path, const DatasetOptions& options) {
  const fs::path folder = path.parent_path();
  if (is_list(path) && !options.group.empty())
    throw ArgumentError({path.string(), "a list has no groups of points", "an .ljson file, or a folder of them",
                         "group " + text::in_quotes(options.group), "leave --group (DatasetOptions::group) out"});
  if (is_list(path)) return checked_list(read_list(path, options.scheme), folder, options.part);
  if (is_annotation(path)) {
    const fs::path listed = folder.empty() ? fs::path(".") : folder;
    return scan_one(folder, list_files(listed, false), path.filename(), options);
  }
  throw FormatError({path.string(), "the kind of data set is unknown",
                     "a folder, or an .xml, .csv, .json, .txt, .pts, .ljson or .mat file",
                     text::in_quotes(extension(path)), "check the path"});
}

[[noreturn]] void fail_empty(const fs::path& path, const std::string& got, const std::string& fix = "check the path") {
  throw FileError({path.string(), "there is no annotated face",
                   "images with .pts, .ljson or .mat files of the same name, or the path of a list (.xml, .csv, .json)",
                   got, fix});
}

/// The lists in a folder are not read with it: which of several is meant, nobody could say.
[[noreturn]] void fail_empty(const fs::path& path, const FileList& list) {
  std::vector<std::string> lists;
  for (const fs::path& file : list.files)
    if (is_list(file) && extension(file) != ".txt") lists.push_back((path / file).string());
  if (!lists.empty())
    fail_empty(path, lists.size() == 1 ? "a list, " + lists[0] : "lists: " + lists[0] + " and others",
               "give the list's own path, " + lists[0]);
  fail_empty(path, list.files.empty() ? "an empty folder" : std::to_string(list.files.size()) + " other files");
}

std::string names_of(const std::vector<int>& points, const Scheme& scheme) {
  constexpr std::size_t kShown = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(kShown, points.size()); ++i)
    names += (i ? ", " : "") + scheme.point_name(points[i]);
  return names + (points.size() > kShown ? " …" : "");
}

/// What is wrong with the points of most of the faces, each kind with how many have it and the first that does.
std::string kinds_of(const std::vector<Rejected>& mixed_up) {
  struct Kind {
    const Rejected* first;
    std::size_t faces;
  };
  std::vector<Kind> kinds;
  for (const Rejected& face : mixed_up) {
    const auto same =
        std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.first->reason == face.reason; });
    if (same == kinds.end())
      kinds.push_back({&face, 1});
    else
      ++same->faces;
  }
  std::stable_sort(kinds.begin(), kinds.end(), [](const Kind& a, const Kind& b) { return a.faces > b.faces; });
  std::string text;
  constexpr std::size_t kShown = 3;
  for (const Kind& kind : std::span(kinds).first(std::min(kShown, kinds.size())))
    text += (text.empty() ? "" : "; ") + std::to_string(kind.faces) + " of them, e.g. " + kind.first->file + ": " +
            kind.first->reason;
  return text;
}

/// Masks or rejects what is missing, and rejects faces whose points are not in order: each, or the whole data set where
/// most are so.
void settle(Dataset& data, const fs::path& path, const DatasetOptions& options) {
  std::vector<Face> good;
  std::vector<Rejected> mixed_up;
  for (Face& face : data.faces) {
    const std::vector<int> missing = missing_points(face.points);
    if (!missing.empty() && options.missing == Missing::reject) {
      data.rejected.push_back({face.image.string(), "points are missing: " + names_of(missing, options.scheme) +
                                                        "; annotate them, leave the face out, or read it with the "
                                                        "missing points masked (--missing mask)"});
      continue;
    }
    for (const int i : missing) face.points[static_cast<std::size_t>(i)] = kUnknownPoint;
    if (const auto problem = shape_problem(face.points, options.scheme))
      mixed_up.push_back({face.image.string(), *problem});
    else
      good.push_back(std::move(face));
  }
  constexpr std::size_t kFew = 3;  // why: so few say nothing of the others
  const std::size_t all = good.size() + mixed_up.size();
  if (mixed_up.size() > kFew && mixed_up.size() * 2 >= all) {
    data.rejected.push_back({path.string(), "refused as a whole: the points of " + std::to_string(mixed_up.size()) +
                                                " of its " + std::to_string(all) + " faces are mixed up; " +
                                                kinds_of(mixed_up)});
    good.clear();
  }
  data.rejected.insert(data.rejected.end(), mixed_up.begin(), mixed_up.end());
  data.faces = std::move(good);
}

Dataset scan_folder(const fs::path& path, const DatasetOptions& options) {
  const FileList list = list_files(path, true);
  if (!options.group.empty() && std::none_of(list.files.begin(), list.files.end(),
                                             [](const fs::path& file) { return extension(file) == ".ljson"; }))
    throw ArgumentError({path.string(), "no file of it has groups of points", "an .ljson file",
                         "group " + text::in_quotes(options.group), "leave --group (DatasetOptions::group) out"});
  Dataset data = scan_beside(path, list, options);
  if (data.faces.empty() && data.other_part == 0) {
    if (std::all_of(data.rejected.begin(), data.rejected.end(), lacks_annotation)) fail_empty(path, list);
  }
  return data;
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

bool is_image_name(const fs::path& file) {
  return has_extension<9>(file, {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".pnm", ".ppm", ".pgm"});
}

std::vector<fs::path> images_in(const fs::path& folder) {
  std::vector<fs::path> images;
  for (const fs::path& file : list_files(folder, true).files)
    if (is_image_name(file)) images.push_back(folder / file);
  return images;
}

fs::path inside(const fs::path& root, const fs::path& image) {
  const fs::path relative = image.lexically_normal().lexically_relative(root.lexically_normal());
  return relative.empty() ? image : relative;
}

Dataset scan_dataset(const fs::path& path, const DatasetOptions& options) {
  require_valid(options.scheme);
  if (path.empty())
    throw ArgumentError({"data set", "its path is empty", "a folder or an annotation file", "''", "check the path"});
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status))
    throw FileError({path.string(), "the data set cannot be opened", "a folder or an annotation file",
                     error ? error.message() : "nothing of this name", "check the path"});
  Dataset data = fs::is_directory(status) ? scan_folder(path, options) : scan_file(path, options);
  settle(data, path, options);
  return data;
}

void require_faces(const Dataset& data, const fs::path& path, const DatasetOptions& options) {
  if (!data.faces.empty()) return;
  if (!data.rejected.empty())
    throw FormatError({path.string(), "no face can be used", "at least one",
                       std::to_string(data.rejected.size()) + " rejected",
                       "the first is " + data.rejected[0].file + ": " + data.rejected[0].reason});
  if (data.other_part > 0) {
    const bool train = options.part == Part::train;
    throw FileError(
        {path.string(), train ? "all faces are test faces of 300-W" : "all faces are training faces",
         train ? "training faces" : "test faces (folders testset, ibug)",
         std::to_string(data.other_part) + " of the other part",
         train ? "train on other photos: these are to measure with" : "choose another folder, or --part all"});
  }
  fail_empty(path, "a list without faces");
}

}  // namespace lineament
