// Label Studio's exports JSON and JSON-MIN: tasks with regions in percent of the photo.
#include <algorithm>
#include <map>
#include <set>

#include "json_kinds.hpp"
#include "lineament/faces/dataset.hpp"
#include "point_labels.hpp"
#include "text.hpp"

namespace lineament::json_kinds {
namespace {

namespace fs = std::filesystem;

/// One result of an annotation that is a point or a rectangle; `json` holds its size of the photo, `value` the rest.
struct Region {
  const Json* json;
  const Json* value;
  bool is_point;
};

/// One task, with the regions of the annotation that is read.
struct Task {
  const Json* json;
  std::string where, photo;
  std::vector<Region> regions;
};

const Json& labels_of(const Region& region) {
  return member(*region.value, region.is_point ? "keypointlabels" : "rectanglelabels");
}

void add_region(const Json& result, std::vector<Region>& regions) {
  const Json& inner = member(result, "value");
  const Json& value = inner.is_object() ? inner : result;  // JSON-MIN has no "value"
  const bool is_point = member(value, "keypointlabels").is_array();
  if (is_point || member(value, "rectanglelabels").is_array()) regions.push_back({&result, &value, is_point});
}

bool has_region(const Json& list) {
  std::vector<Region> regions;
  if (list.is_array())
    for (const Json& one : list) add_region(one, regions);
  return !regions.empty();
}

bool is_full(const Json& task) {
  return member(task, "data").is_object() && member(task, "annotations").is_array();
}
bool is_min(const Json& task) {
  return task.is_object() && std::any_of(task.begin(), task.end(), [](const Json& value) { return has_region(value); });
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// "a%20b" -> "a b".
std::string percent_decoded(std::string_view s) {
  std::string result;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const bool code = s[i] == '%' && i + 2 < s.size() && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0;
    result += code ? static_cast<char>(hex(s[i + 1]) * 16 + hex(s[i + 2])) : s[i];
    if (code) i += 2;
  }
  return result;
}

constexpr std::string_view kLocalFiles = "/data/local-files/?d=", kData = "/data/";

/// What Label Studio serves ("/data/upload/3/ab12cd34-a.jpg"), an URL ("s3://bucket/dir/a.jpg") or a path, as a path.
std::string path_in(const std::string& value) {
  if (const auto at = value.find(kLocalFiles); at != std::string::npos) {
    const std::string_view rest = std::string_view(value).substr(at + kLocalFiles.size());
    return percent_decoded(rest.substr(0, rest.find('&')));
  }
  const auto scheme = value.find("://");
  if (scheme == std::string::npos && !value.starts_with(kData)) return value;
  std::string_view path = std::string_view(value).substr(0, value.find_first_of("?#"));
  if (scheme != std::string::npos && scheme < path.size()) {
    path.remove_prefix(scheme + 3);
    path.remove_prefix(std::min(path.find('/'), path.size()));  // the host or bucket
  }
  return percent_decoded(path);
}

bool looks_like_photo(const std::string& value) {
  return value.starts_with(kData) || is_image_name(path_in(value));
}

std::string photo_in(const Json& data) {
  if (const std::string image = text_of(member(data, "image")); !image.empty()) return image;
  if (data.is_object())
    for (const Json& value : data)
      if (value.is_string() && looks_like_photo(value.get<std::string>())) return value.get<std::string>();
  return "";
}

/// "ab12cd34-a.jpg" -> "a.jpg"; empty if it is not so named.
std::string without_upload_prefix(const std::string& name) {
  constexpr std::size_t kDigits = 8;
  const bool so = name.size() > kDigits + 1 && name[kDigits] == '-' &&
                  std::all_of(name.begin(), name.begin() + kDigits, [](char c) { return hex(c) >= 0; });
  return so ? name.substr(kDigits + 1) : "";
}

/// The photo relative to `folder`: the longest end of the path that is a file there, with or without the prefix of
/// uploads; its name alone if there is none. Uploads lie in a folder of Label Studio's own.
std::string find_photo(const std::string& value, const fs::path& folder) {
  const std::string whole = path_in(value);
  std::error_code error;
  constexpr std::size_t kLongest = 4096;  // why: no longer path can be opened
  for (std::size_t from = 0; whole.size() <= kLongest && from < whole.size();) {
    const std::string end = whole.substr(from);
    const auto slash = end.rfind('/');
    const std::string before = slash == std::string::npos ? "" : end.substr(0, slash + 1);
    const std::string bare = without_upload_prefix(end.substr(before.size()));
    if (fs::is_regular_file(text::list_path(end, folder), error)) return end;
    if (!bare.empty() && fs::is_regular_file(text::list_path(before + bare, folder), error)) return before + bare;
    const auto next = whole.find('/', from);
    if (next == std::string::npos) break;
    from = next + 1;
  }
  const bool is_path = value.find("://") == std::string::npos && !value.starts_with(kData);
  return is_path ? whole : whole.substr(whole.rfind('/') + 1);
}

class LabelStudio {
 public:
  LabelStudio(const Json& file, const std::string& name, const fs::path& folder, const Scheme& scheme)
      : name_(name), folder_(folder), labels_(scheme) {
    if (file.is_array())
      for (const Json& task : file) add_task(task);
    else
      add_task(file);
  }

  Dataset read() {
    for (const Task& task : tasks_)
      for (const Region& region : task.regions)
        if (region.is_point)
          for (const Json& label : labels_of(region)) labels_.see(text_of(label));
    for (const Task& task : tasks_) read_task(task);
    reject_shared_photos();
    if (std::string note = labels_.note(name_); !note.empty()) result_.notes.push_back(std::move(note));
    if (several_ > 0)
      result_.notes.push_back(name_ + ": " + std::to_string(several_) +
                              " tasks have several annotations; the one marked as ground truth is read, or the first");
    return std::move(result_);
  }

 private:
  void add_task(const Json& json) {
    const std::string id = id_of(member(json, "id"));
    Task task{.json = &json,
              .where = name_ + ": task " + (id.empty() ? "number " + std::to_string(tasks_.size() + 1) : id),
              .photo = photo_in(is_full(json) ? member(json, "data") : json),
              .regions = {}};
    if (is_full(json)) {
      for (const Json& result : annotation_of(json)) add_region(result, task.regions);
    } else if (json.is_object()) {
      for (const Json& list : json)
        if (list.is_array())
          for (const Json& one : list) add_region(one, task.regions);
    }
    tasks_.push_back(std::move(task));
  }

  /// The results of the annotation that counts; nothing in it if there is none.
  const Json& annotation_of(const Json& task) {
    static const Json none = Json::array();
    const Json* chosen = nullptr;
    int count = 0;
    for (const Json& annotation : member(task, "annotations")) {
      if (is_set(member(annotation, "was_cancelled")) || !member(annotation, "result").is_array()) continue;
      const bool better =
          !chosen || (is_set(member(annotation, "ground_truth")) && !is_set(member(*chosen, "ground_truth")));
      if (better) chosen = &annotation;
      ++count;
    }
    several_ += count > 1;
    return chosen ? member(*chosen, "result") : none;
  }

  void read_task(const Task& task) {
    const auto reject = [&](const std::string& reason) { result_.rejected.push_back({task.where, reason}); };
    if (task.photo.empty()) return reject("the task has no photo (wanted \"data\": {\"image\": …}); add it");
    // A region's parent is its face.
    std::set<std::string> parents;
    for (const Region& r : task.regions)
      if (r.is_point) parents.insert(id_of(member(*r.json, "parentID")));
    parents.erase("");
    std::vector<std::pair<std::string, std::vector<const Region*>>> faces;
    std::size_t lonely = 0;
    const Region* rectangle = nullptr;
    int rectangles = 0;
    for (const Region& r : task.regions) {
      const std::string own = id_of(member(*r.json, "id")), parent = id_of(member(*r.json, "parentID"));
      if (!r.is_point) {
        rectangle = &r;
        ++rectangles;
        if (!parents.empty() && !parents.count(own))
          reject("a rectangle has no points; annotate the face or remove it");
        continue;
      }
      const std::string face = parent.empty() && parents.count(own) ? own : parent;
      lonely += face.empty();
      const auto found = std::find_if(faces.begin(), faces.end(), [&](const auto& f) { return f.first == face; });
      if (found == faces.end())
        faces.push_back({face, {&r}});
      else
        found->second.push_back(&r);
    }
    if (faces.empty()) return reject("the task has no points; annotate the face or leave the photo out");
    if (!parents.empty() && lonely > 0)
      reject(std::to_string(lonely) +
             " points belong to no face (wanted each inside a region, as others are); move "
             "them into their face's rectangle");
    const std::string image = find_photo(task.photo, folder_);
    int number = 0;
    for (const auto& [parent, points] : faces) {
      if (!parents.empty() && parent.empty()) continue;
      const std::string where = faces.size() == 1 ? task.where : task.where + ", face " + std::to_string(++number);
      try {
        Face face = face_of(points, where);
        if (!parent.empty()) {
          for (const Region& r : task.regions)
            if (!r.is_point && id_of(member(*r.json, "id")) == parent) face.box = rectangle_of(r, face, where);
        } else if (rectangles == 1) {
          face.box = rectangle_of(*rectangle, face, where);
        }
        face.image = text::list_path(image, folder_);
        face.photo = photo_id(image);
        sources_[face.image].insert(path_in(task.photo));
        result_.faces.push_back(std::move(face));
      } catch (const FormatError& error) {
        result_.rejected.push_back(text::rejected(error, where));
      }
    }
  }

  Face face_of(const std::vector<const Region*>& regions, const std::string& where) const {
    Face face;
    LabelledPoints points(labels_);
    for (const Region* region : regions) {
      take_size(*region, face, where);
      const Json& labels = labels_of(*region);
      if (labels.size() != 1 || !labels[0].is_string())
        throw FormatError({where, "a point has no label of its own", "one label", std::to_string(labels.size()),
                           "give each point one label"});
      const Json& value = *region->value;
      points.set(text_of(labels[0]),
                 {pixel(member(value, "x"), face.width, where), pixel(member(value, "y"), face.height, where)}, where);
    }
    face.points = points.take(where);
    return face;
  }

  /// All regions of a face must be of the same photo, shown unturned.
  static void take_size(const Region& region, Face& face, const std::string& where) {
    const int width = size_of(member(*region.json, "original_width"));
    const int height = size_of(member(*region.json, "original_height"));
    if (width == 0 || height == 0)
      throw FormatError({where, "the photo's size is missing", "original_width and original_height", "",
                         "export the annotations again"});
    if (face.width != 0 && (face.width != width || face.height != height))
      throw FormatError({where, "points of one face are of photos of different sizes",
                         std::to_string(face.width) + " x " + std::to_string(face.height),
                         std::to_string(width) + " x " + std::to_string(height), "annotate the face again"});
    if (is_set(member(*region.json, "image_rotation")))
      throw FormatError({where, "the photo was turned while it was annotated", "image_rotation: 0",
                         member(*region.json, "image_rotation").dump().substr(0, 20),
                         "turn the photo itself and annotate it again"});
    face.width = width;
    face.height = height;
  }

  /// 0 percent is the left edge of the first pixel, which is at -0.5.
  static float pixel(const Json& percent, int size, const std::string& where) {
    const auto value = number_of(percent);
    if (!value)
      throw FormatError({where, "a coordinate is not a number", "x and y in percent", percent.type_name(),
                         "export the annotations again"});
    return static_cast<float>(*value / 100 * size - 0.5);
  }

  /// Nothing if the rectangle is turned: boxes are upright.
  static std::optional<Box> rectangle_of(const Region& region, Face& face, const std::string& where) {
    take_size(region, face, where);
    const Json& v = *region.value;
    if (is_set(member(v, "rotation"))) return std::nullopt;
    Box box = box_of(Json::array({member(v, "x"), member(v, "y"), member(v, "width"), member(v, "height")}), where);
    box.x = pixel(member(v, "x"), face.width, where);
    box.y = pixel(member(v, "y"), face.height, where);
    box.width *= static_cast<float>(face.width) / 100;
    box.height *= static_cast<float>(face.height) / 100;
    return box;
  }

  /// Different photos that were uploaded under one name, or whose folders are not here: which of them the file is,
  /// nobody can say.
  void reject_shared_photos() {
    std::vector<Face> good;
    for (Face& face : result_.faces) {
      const std::set<std::string>& sources = sources_[face.image];
      if (sources.size() == 1)
        good.push_back(std::move(face));
      else
        result_.rejected.push_back({face.image.string(), "photos of different tasks would be this file (" +
                                                             text::in_quotes(*sources.begin()) + " and " +
                                                             text::in_quotes(*sources.rbegin()) +
                                                             "); give them the names that Label Studio has"});
    }
    result_.faces = std::move(good);
  }

  const std::string& name_;
  const fs::path& folder_;
  PointLabels labels_;
  std::vector<Task> tasks_;
  Dataset result_;
  std::size_t several_ = 0;
  std::map<fs::path, std::set<std::string>> sources_;  ///< by file: the photos that tasks name
};

}  // namespace

bool is_label_studio(const Json& file) {
  if (!file.is_array()) return is_full(file);
  return std::any_of(file.begin(), file.end(), [](const Json& task) { return is_full(task) || is_min(task); });
}

Dataset parse_label_studio(const Json& file, const std::string& name, const fs::path& folder, const Scheme& scheme) {
  return LabelStudio(file, name, folder, scheme).read();
}

}  // namespace lineament::json_kinds
