// CVAT for images 1.1 through pugixml.
#include "lineament/faces/cvat.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lineament/file.hpp"
#include "point_labels.hpp"
#include "text.hpp"
#include "xml_document.hpp"

namespace lineament {
namespace cvat {
namespace {

/// CVAT counts from the edge of the first pixel, we from its centre.
constexpr double kEdge = 0.5;

struct FaceBox {
  Box box;
  std::string group;
};

bool is_point_list(const pugi::xml_node& node) {
  return node.name() == std::string_view("points");
}
bool is_face(const pugi::xml_node& node) {
  return is_point_list(node) || node.name() == std::string_view("skeleton");
}

/// Empty: none. CVAT writes no group as no attribute or as 0.
std::string group_of(const pugi::xml_node& node) {
  const std::string group = node.attribute("group_id").value();
  return group == "0" ? "" : group;
}

/// "x,y" pairs, separated by semicolons.
Landmarks pairs_of(std::string_view text, const std::string& where) {
  Landmarks points;
  if (text.ends_with(';')) text.remove_suffix(1);
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(';', from), text.size());
    const std::string_view pair = text.substr(from, end - from);
    const auto comma = pair.find(',');
    if (comma == std::string_view::npos)
      throw FormatError({where, "a point is not a point", "\"x,y\"", text::in_quotes(pair), "correct the point"});
    points.push_back({static_cast<float>(text::coordinate(text::trim(pair.substr(0, comma)), where) - kEdge),
                      static_cast<float>(text::coordinate(text::trim(pair.substr(comma + 1)), where) - kEdge)});
    from = end + 1;
  }
  return points;
}

Landmarks list_of(const pugi::xml_node& node, const std::string& where, const Scheme& scheme) {
  Landmarks points = pairs_of(node.attribute("points").value(), where);
  if (points.size() != static_cast<std::size_t>(scheme.points))
    throw FormatError({where, "the number of points is wrong",
                       std::to_string(scheme.points) + " in one <points>, or a <skeleton>",
                       std::to_string(points.size()), text::fix_points(scheme)});
  return points;
}

Landmarks skeleton_of(const pugi::xml_node& node, const std::string& where, const PointLabels& labels) {
  LabelledPoints points(labels);
  for (const pugi::xml_node element : node.children("points")) {
    const std::string_view label = element.attribute("label").value();
    const Landmarks one = pairs_of(element.attribute("points").value(), where);
    if (one.size() != 1)
      throw FormatError({where, "an element of a skeleton is not a point", "one \"x,y\"", std::to_string(one.size()),
                         "correct point " + text::in_quotes(label)});
    points.set(label, element.attribute("outside").as_bool(false) ? kUnknownPoint : one[0], where);
  }
  return points.take(where);
}

Box box_of(const pugi::xml_node& node, const std::string& where) {
  const auto edge = [&](const char* key) {
    const pugi::xml_attribute found = node.attribute(key);
    if (!found)
      throw FormatError({where, std::string("the box has no '") + key + "'", "xtl, ytl, xbr, ybr", "", "add it"});
    return text::coordinate(text::trim(found.value()), where) - kEdge;
  };
  const double left = edge("xtl"), top = edge("ytl"), width = edge("xbr") - left, height = edge("ybr") - top;
  if (!(width > 0 && height > 0))
    throw FormatError({where, "the box has no size", "xbr above xtl and ybr above ytl",
                       text::shortest(static_cast<float>(width)) + " x " + text::shortest(static_cast<float>(height)),
                       "correct the box"});
  return {static_cast<float>(left), static_cast<float>(top), static_cast<float>(width), static_cast<float>(height)};
}

/// The box of the face's group; or else the one that holds most of its points, more than half of them.
std::optional<Box> box_for(const Landmarks& points, const std::string& group, const std::vector<FaceBox>& boxes) {
  std::optional<Box> best;
  std::ptrdiff_t most = std::count_if(points.begin(), points.end(), is_known) / 2;
  for (const FaceBox& b : boxes) {
    if (!group.empty() && b.group == group) return b.box;
    if (!group.empty() && !b.group.empty()) continue;
    const auto inside = std::count_if(points.begin(), points.end(), [&](Point p) {
      return p.x >= b.box.x && p.y >= b.box.y && p.x <= b.box.x + b.box.width && p.y <= b.box.y + b.box.height;
    });
    if (inside <= most) continue;
    most = inside;
    best = b.box;
  }
  return best;
}

class Images {
 public:
  Images(const pugi::xml_node& root, const std::string& name, const std::filesystem::path& folder, const Scheme& scheme)
      : root_(root), name_(name), folder_(folder), labels_(scheme) {}

  Dataset read() {
    for (const pugi::xml_node image : root_.children("image"))
      for (const pugi::xml_node skeleton : image.children("skeleton"))
        for (const pugi::xml_node point : skeleton.children("points")) labels_.see(point.attribute("label").value());
    for (const pugi::xml_node image : root_.children("image")) ++times_[image.attribute("name").value()];
    for (const pugi::xml_node image : root_.children("image")) add_image(image);
    if (std::string note = labels_.note(name_); !note.empty()) result_.notes.push_back(std::move(note));
    return std::move(result_);
  }

 private:
  void add_image(const pugi::xml_node& image) {
    const std::string file = image.attribute("name").value(), at = name_ + ": " + file;
    if (file.empty()) {
      result_.rejected.push_back({name_, "an <image> has no 'name' (wanted the photo's path); add it"});
      return;
    }
    if (times_[file] > 1) {
      result_.rejected.push_back(
          {at, "two <image>s have this name (wanted a name for each, with its folder); were two files put together?"});
      return;
    }
    const std::vector<FaceBox> boxes = boxes_of(image, at);
    int number = 0;
    for (const pugi::xml_node node : image.children()) {
      if (!is_face(node)) continue;
      const std::string where = at + ", face " + std::to_string(++number);
      try {
        Face face;
        text::set_image(face, file, folder_);
        face.points = is_point_list(node) ? list_of(node, where, labels_.scheme()) : skeleton_of(node, where, labels_);
        face.box = box_for(face.points, group_of(node), boxes);
        face.width = image.attribute("width").as_int(0);
        face.height = image.attribute("height").as_int(0);
        result_.faces.push_back(std::move(face));
      } catch (const FormatError& error) {
        result_.rejected.push_back(text::rejected(error, where));
      }
    }
    if (number == 0)
      result_.rejected.push_back({at, "the image has no <skeleton> and no <points>; annotate its faces"});
  }

  std::vector<FaceBox> boxes_of(const pugi::xml_node& image, const std::string& at) {
    std::vector<FaceBox> boxes;
    int number = 0;
    for (const pugi::xml_node node : image.children("box")) {
      const std::string where = at + ", box " + std::to_string(++number);
      try {
        if (node.attribute("rotation").as_double(0) == 0) boxes.push_back({box_of(node, where), group_of(node)});
      } catch (const FormatError& error) {
        result_.rejected.push_back(text::rejected(error, where));
      }
    }
    return boxes;
  }

  pugi::xml_node root_;
  const std::string& name_;
  const std::filesystem::path& folder_;
  PointLabels labels_;
  std::map<std::string, int> times_;  ///< by name
  Dataset result_;
};

}  // namespace
}  // namespace cvat

Dataset parse_cvat(std::string_view xml, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme) {
  const std::string where(name);
  const pugi::xml_document document = load_xml(xml, where, "CVAT for images 1.1");
  const pugi::xml_node root = document.child("annotations");
  if (!root)
    throw FormatError({where, "the file is not CVAT's", "<annotations>", root_of(document), "check what file this is"});
  if (!root.child("image"))
    throw FormatError({where, "there is no photo in the file", "<image> elements",
                       root.child("track") ? "<track> elements: CVAT for video" : "none",
                       "export the annotations as CVAT for images 1.1"});
  return cvat::Images(root, where, folder, scheme).read();
}

Dataset read_cvat(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_cvat(read_text(path), path.string(), path.parent_path(), scheme);
}

}  // namespace lineament
