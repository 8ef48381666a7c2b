// COCO's keypoints (Lin et al., "Microsoft COCO", ECCV 2014) and the faces of COCO-WholeBody (Jin et al., "Whole-Body
// Human Pose Estimation in the Wild", ECCV 2020).
#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "json_kinds.hpp"
#include "point_labels.hpp"
#include "text.hpp"

namespace lineament::json_kinds {
namespace {

constexpr std::size_t kPerPoint = 3;  // x, y, v

class Coco {
 public:
  Coco(const Json& file, const std::string& name, const std::filesystem::path& folder, const Scheme& scheme)
      : file_(file), name_(name), folder_(folder), scheme_(scheme), count_(static_cast<std::size_t>(scheme.points)) {}

  Dataset read() {
    for (const Json& image : member(file_, "images"))
      if (const std::string id = id_of(member(image, "id")); !id.empty()) {
        const auto [entry, is_new] = images_.try_emplace(id, Image{&image});
        // The same entry twice is no harm; two photos of one number are.
        entry->second.ambiguous = entry->second.ambiguous || (!is_new && *entry->second.json != image);
        ids_[text_of(member(image, "file_name"))].insert(id);
      }
    if (const Json& categories = member(file_, "categories"); categories.is_array())
      for (const Json& category : categories) take_category(category);
    std::size_t number = 0;
    for (const Json& annotation : member(file_, "annotations")) {
      ++number;
      const std::string id = id_of(member(annotation, "id"));
      const std::string where = name_ + ": annotation " + (id.empty() ? "number " + std::to_string(number) : id);
      try {
        add(annotation, where);
      } catch (const FormatError& error) {
        result_.rejected.push_back(text::rejected(error, where));
      }
    }
    const auto unused = std::count_if(images_.begin(), images_.end(), [](const auto& i) { return !i.second.used; });
    note(static_cast<std::size_t>(unused), "photos without points of a face");
    note(passed_over_, "annotations passed over, without points of a face or of a crowd");
    return std::move(result_);
  }

 private:
  struct Image {
    const Json* json;
    bool used = false, ambiguous = false;
  };

  void note(std::size_t count, const char* what) {
    if (count > 0) result_.notes.push_back(name_ + ": " + what + ": " + std::to_string(count));
  }

  /// Names that are the scheme's in another order say where each point goes.
  void take_category(const Json& category) {
    const Json& names = member(category, "keypoints");
    if (!names.is_array() || names.size() != count_) return;
    PointLabels labels(scheme_);
    for (const Json& name : names) labels.see(text_of(name));
    std::vector<std::size_t> order;
    std::string unknown;
    for (const Json& name : names) try {
        order.push_back(labels.point(text_of(name), name_));
      } catch (const FormatError&) {
        unknown = text_of(name);
      }
    if (order.size() < names.size()) {  // names of another kind say nothing of the order
      if (!order.empty())
        result_.notes.push_back(name_ + ": points are taken in the scheme's order: of category " +
                                text::in_quotes(text_of(member(category, "name"))) +
                                " only some names are the scheme's, and " + text::in_quotes(unknown) + " is not");
      return;
    }
    std::vector<std::size_t> sorted = order, all(count_);
    std::sort(sorted.begin(), sorted.end());
    std::iota(all.begin(), all.end(), std::size_t{0});
    if (sorted != all || order == all) return;
    result_.notes.push_back(name_ + ": points are put into the scheme's order by the names of category " +
                            text::in_quotes(text_of(member(category, "name"))));
    orders_[id_of(member(category, "id"))] = std::move(order);
  }

  void add(const Json& annotation, const std::string& where) {
    // A person's annotation in COCO-WholeBody has the face's points beside those of the body.
    const bool whole_body = scheme_.points == kPoints && member(annotation, "face_kpts").is_array();
    const Json& list = member(annotation, whole_body ? "face_kpts" : "keypoints");
    const Json& valid = member(annotation, "face_valid");
    const Json& known = member(annotation, "num_keypoints");
    if (is_set(member(annotation, "iscrowd")) || list.is_null() ||
        (whole_body ? !valid.is_null() && !is_set(valid) : known.is_number() && !is_set(known))) {
      ++passed_over_;
      return;
    }
    Face face{.image = {}, .points = points_of(list, where)};
    if (std::none_of(face.points.begin(), face.points.end(), is_known)) {
      ++passed_over_;
      return;
    }
    const auto order = whole_body ? orders_.end() : orders_.find(id_of(member(annotation, "category_id")));
    if (order != orders_.end()) {
      const Landmarks as_listed = face.points;
      for (std::size_t i = 0; i < count_; ++i) face.points[order->second[i]] = as_listed[i];
    }
    set_image(face, annotation, where);
    const Json& box = member(annotation, whole_body ? "face_box" : "bbox");
    const bool none = box.is_null() || (box.is_array() && std::all_of(box.begin(), box.end(), [](const Json& n) {
                                          return n.is_number() && n.get<double>() == 0;
                                        }));
    if (!none) {
      face.box = box_of(box, where);
      face.box->x -= 0.5f;  // from edges at integers
      face.box->y -= 0.5f;
    }
    result_.faces.push_back(std::move(face));
  }

  Landmarks points_of(const Json& list, const std::string& where) const {
    if (!list.is_array() || list.size() != count_ * kPerPoint)
      throw FormatError(
          {where, "the number of points is wrong", std::to_string(count_) + " times x, y, v",
           list.is_array()
               ? std::to_string(list.size()) + " numbers" +
                     (list.size() % kPerPoint == 0 ? " (" + std::to_string(list.size() / kPerPoint) + " points)" : "")
               : "no list",
           "give --scheme FILE for another number of points"});
    Landmarks points(count_, kUnknownPoint);
    for (std::size_t i = 0; i < count_; ++i) {
      const auto v = number_of(list[kPerPoint * i + 2]);
      if (v && *v <= 0) continue;
      const auto x = number_of(list[kPerPoint * i]), y = number_of(list[kPerPoint * i + 1]);
      if (!v || !x || !y)
        throw FormatError({where, "point " + std::to_string(i) + " is not a point", "three finite numbers x, y, v", "",
                           "correct the point, or write v = 0 if it is missing"});
      points[i] = {static_cast<float>(*x), static_cast<float>(*y)};
    }
    return points;
  }

  void set_image(Face& face, const Json& annotation, const std::string& where) {
    const auto found = images_.find(id_of(member(annotation, "image_id")));
    if (found == images_.end())
      throw FormatError({where, "its photo is not listed", "an image with the annotation's image_id",
                         text::in_quotes(id_of(member(annotation, "image_id"))), "add the photo to \"images\""});
    if (found->second.ambiguous)
      throw FormatError({where, "two photos have its image_id", "an id for each photo", found->first,
                         "number the photos anew; were two files put together?"});
    const Json& image = *found->second.json;
    const std::string file = text_of(member(image, "file_name"));
    if (file.empty())
      throw FormatError({where, "its photo has no name", "\"file_name\"", member(image, "file_name").type_name(),
                         "name the photo in \"images\""});
    if (ids_[file].size() > 1)
      throw FormatError({where, "two photos have its photo's name", "a name for each, with its folder", file,
                         "were the files of two folders put together?"});
    text::set_image(face, file, folder_);
    face.width = size_of(member(image, "width"));
    face.height = size_of(member(image, "height"));
    found->second.used = true;
  }

  const Json& file_;
  const std::string& name_;
  const std::filesystem::path& folder_;
  const Scheme& scheme_;
  std::size_t count_;
  Dataset result_;
  std::size_t passed_over_ = 0;
  std::map<std::string, Image> images_;
  std::map<std::string, std::set<std::string>> ids_;        ///< by file name
  std::map<std::string, std::vector<std::size_t>> orders_;  ///< by category: where each listed point goes
};

}  // namespace

bool is_coco(const Json& file) {
  return member(file, "images").is_array() && member(file, "annotations").is_array();
}

Dataset parse_coco(const Json& file, const std::string& name, const std::filesystem::path& folder,
                   const Scheme& scheme) {
  return Coco(file, name, folder, scheme).read();
}

}  // namespace lineament::json_kinds
