// Which kind of JSON a file is, this library's own kind, and what the readers of all kinds share.
#include <algorithm>

#include "json_kinds.hpp"
#include "lineament/faces/json.hpp"
#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace json_kinds {

Json parse(std::string_view text, const std::string& name, const std::string& wanted) {
  text::require_shallow_json(text, name);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    text::fail_json(text, error.byte, name, wanted);
  } catch (const Json::exception& error) {  // a number that no double holds
    throw FormatError({name, "the file is not JSON", wanted, error.what(), "write the file again"});
  }
}

const Json& member(const Json& object, const char* key) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : "";
}

std::optional<double> number_of(const Json& json) {
  if (!json.is_number() || !text::is_coordinate(json.get<double>())) return std::nullopt;
  return json.get<double>();
}

int size_of(const Json& json) {
  return text::side(json.is_string() ? json.get<std::string>() : json.is_number() ? json.dump() : "");
}

bool is_set(const Json& json) {
  return json.is_boolean() ? json.get<bool>() : json.is_number() && json.get<double>() != 0;
}

std::string id_of(const Json& json) {
  return json.is_number_integer() || json.is_string() ? json.dump() : "";
}

Box box_of(const Json& list, const std::string& where) {
  const bool four = list.is_array() && list.size() == 4 &&
                    std::all_of(list.begin(), list.end(), [](const Json& n) { return number_of(n).has_value(); });
  if (!four)
    throw FormatError(
        {where, "the box is no box", "[x, y, width, height]", list.type_name(), "correct the box or leave it out"});
  const Box box{list[0].get<float>(), list[1].get<float>(), list[2].get<float>(), list[3].get<float>()};
  if (!(box.width > 0 && box.height > 0))
    throw FormatError({where, "the box has no size", "a width and height above 0",
                       text::shortest(box.width) + " x " + text::shortest(box.height),
                       "correct the box or leave it out"});
  return box;
}

namespace {

/// [x, y], or null for a point that is not known.
Point own_point(const Json& json, const std::string& where) {
  if (json.is_null()) return kUnknownPoint;
  const bool two = json.is_array() && json.size() == 2;
  if (two && json[0].is_null() && json[1].is_null()) return kUnknownPoint;
  if (!two || !number_of(json[0]) || !number_of(json[1]))
    throw FormatError({where, "a point is not a point", "[x, y] or null", json.type_name(), "correct the point"});
  return {json[0].get<float>(), json[1].get<float>()};
}

std::filesystem::path own_image(const std::string& image, const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path beside = text::list_path(image, folder), as_is(image);
  return !std::filesystem::exists(beside, error) && std::filesystem::exists(as_is, error) ? as_is : beside;
}

Face own_face(const Json& json, const std::string& where, const std::filesystem::path& folder, const Scheme& scheme) {
  const std::string image = text_of(member(json, "image"));
  if (image.empty())
    throw FormatError({where, "the face has no photo", "\"image\": a file's name", member(json, "image").type_name(),
                       "name the photo"});
  const Json& points = member(json, "points");
  if (!points.is_array() || points.size() != static_cast<std::size_t>(scheme.points))
    throw FormatError({where, "the number of points is wrong", std::to_string(scheme.points),
                       points.is_array() ? std::to_string(points.size()) : "no list", text::fix_points(scheme)});
  Face face{.image = own_image(image, folder), .photo = photo_id(image)};
  for (const Json& point : points) face.points.push_back(own_point(point, where));
  if (const Json& box = member(json, "box"); !box.is_null()) face.box = box_of(box, where);
  face.width = size_of(member(json, "width"));
  face.height = size_of(member(json, "height"));
  return face;
}

Dataset parse_own(const Json& file, const std::string& name, const std::filesystem::path& folder,
                  const Scheme& scheme) {
  if (member(file, "version") != 1)
    throw FormatError({name, "the version is unknown", "\"version\": 1",
                       member(file, "version").is_number_integer() ? member(file, "version").dump() : "no number",
                       "write the file again, or take a newer program"});
  if (const std::string scheme_of_file = text_of(member(file, "scheme"));
      !scheme_of_file.empty() && scheme_of_file != scheme.name)
    throw FormatError({name, "its points are of another scheme", scheme.name, text::in_quotes(scheme_of_file),
                       "give --scheme FILE (DatasetOptions::scheme) for it"});
  const Json& faces = member(file, "faces");
  if (!faces.is_array())
    throw FormatError({name, "there is no list of faces", "\"faces\": […]", faces.type_name(), "write the file again"});
  Dataset result;
  int number = 0;
  for (const Json& face : faces) {
    const std::string where = name + ": face " + std::to_string(++number);
    try {
      result.faces.push_back(own_face(face, where, folder, scheme));
    } catch (const FormatError& error) {
      result.rejected.push_back(text::rejected(error, where));
    }
  }
  return result;
}

[[noreturn]] void refuse(const Json& file, const std::string& name) {
  const bool menpo =
      file.is_object() && file.contains("version") && (file.contains("landmarks") || file.contains("groups"));
  std::string got = file.is_array() ? "a list of " + std::to_string(file.size()) : "a " + std::string(file.type_name());
  if (file.is_object()) {
    constexpr std::size_t kShown = 6;
    std::size_t shown = 0;
    got = file.empty() ? "an empty object" : "an object with ";
    for (const auto& [key, value] : file.items())
      if (++shown <= kShown) got += (shown > 1 ? ", " : "") + text::in_quotes(key);
    if (shown > kShown) got += " …";
  }
  throw FormatError(
      {name, "the kind of JSON is unknown",
       "COCO keypoints (images, annotations), an export of Label Studio (JSON or JSON-MIN), or faces that "
       "this program wrote (\"format\": \"lineament-faces\")",
       got,
       menpo ? "it looks like menpo's: name it .ljson, beside its photo"
             : "export the annotations again as one of these"});
}

Dataset parse_any(const Json& file, const std::string& name, const std::filesystem::path& folder,
                  const Scheme& scheme) {
  if (member(file, "format") == "lineament-faces") return parse_own(file, name, folder, scheme);
  if (is_coco(file)) return parse_coco(file, name, folder, scheme);
  if (is_label_studio(file)) return parse_label_studio(file, name, folder, scheme);
  refuse(file, name);
}

}  // namespace
}  // namespace json_kinds

Dataset parse_json(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme) {
  const std::string where(name);
  return json_kinds::parse_any(
      json_kinds::parse(text::as_utf8(std::string(text), where), where, "a JSON file of faces"), where, folder, scheme);
}

Dataset read_json(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_json(read_text(path), path.string(), path.parent_path(), scheme);
}

}  // namespace lineament
