// imglab XML through pugixml.
#include "lineament/faces/imglab.hpp"

#include <algorithm>
#include <cmath>
#include <pugixml.hpp>

#include "lineament/faces/box.hpp"
#include "lineament/file.hpp"
#include "scan.hpp"
#include "text.hpp"
#include "xml_document.hpp"

namespace lineament {
namespace {

double attribute(const pugi::xml_node& node, const char* key, const std::string& where) {
  const pugi::xml_attribute found = node.attribute(key);
  if (!found)
    throw FormatError({where, std::string("<") + node.name() + "> has no '" + key + "'", "a number", "", "add it"});
  return text::coordinate(text::trim(found.value()), where);
}

Box box_of(const pugi::xml_node& node, const std::string& where) {
  const double left = attribute(node, "left", where), top = attribute(node, "top", where);
  const double width = attribute(node, "width", where), height = attribute(node, "height", where);
  if (!(width > 0 && height > 0))
    throw FormatError({where, "the box has no size", "a width and height above 0",
                       text::shortest(static_cast<float>(width)) + " x " + text::shortest(static_cast<float>(height)),
                       "correct the box"});
  // dlib counts whole pixels; pixel 10 begins at 9.5.
  return {static_cast<float>(left - 0.5), static_cast<float>(top - 0.5), static_cast<float>(width),
          static_cast<float>(height)};
}

/// The point a part is, by its number or by the scheme's name for it.
std::optional<int> point_of(std::string_view name, const Scheme& scheme) {
  const auto named = std::find(scheme.names.begin(), scheme.names.end(), name);
  if (named != scheme.names.end()) return static_cast<int>(named - scheme.names.begin());
  const std::optional<int> i = text::index(name);
  return i && *i < scheme.points ? i : std::nullopt;
}

/// Parts that number the points from 1 are told by the last one, '68', and that there is no '0'.
[[noreturn]] void reject_name(const pugi::xml_node& box, std::string_view name, const Scheme& scheme,
                              const std::string& where) {
  const std::string wanted = "'0' to '" + std::to_string(scheme.points - 1) + "'";
  const auto parts = box.children("part");
  const bool has_0 = std::any_of(parts.begin(), parts.end(), [](const pugi::xml_node& part) {
    return text::index(part.attribute("name").value()) == 0;
  });
  if (text::index(name) == scheme.points && !has_0)
    throw FormatError({where, "the parts are numbered from 1", wanted, "'1' to " + text::in_quotes(name),
                       "rename each part to one less"});
  throw FormatError({where, "a part has an unknown name", wanted, text::in_quotes(name), "rename the part"});
}

Landmarks parts_of(const pugi::xml_node& box, const std::string& where, const Scheme& scheme) {
  Landmarks points(static_cast<std::size_t>(scheme.points), kUnknownPoint);
  std::vector<bool> seen(points.size());
  for (const pugi::xml_node part : box.children("part")) {
    const std::string_view name = part.attribute("name").value();
    const std::optional<int> i = point_of(name, scheme);
    if (!i) reject_name(box, name, scheme, where);
    const auto k = static_cast<std::size_t>(*i);
    if (seen[k]) throw FormatError({where, "a part stands twice", "each once", text::in_quotes(name), "remove one"});
    seen[k] = true;
    points[k] = {static_cast<float>(attribute(part, "x", where)), static_cast<float>(attribute(part, "y", where))};
  }
  if (std::find(seen.begin(), seen.end(), true) == seen.end())
    throw FormatError(
        {where, "the box has no parts", std::to_string(scheme.points) + " parts", "none", text::fix_points(scheme)});
  return points;
}

/// "1", "true", "yes": what dlib and people write.
bool is_set(const pugi::xml_attribute& flag) {
  return flag.as_bool(false);
}

/// Where the list's bytes were no UTF-8, a name was read as Latin-1; the file's own may be those bytes.
std::filesystem::path image_of(const std::string& file, const std::filesystem::path& folder) {
  const std::filesystem::path image = text::list_path(file, folder);
  std::error_code error;
  if (std::filesystem::exists(image, error)) return image;
  const std::optional<std::string> bytes = text::as_latin1(file);
  const std::filesystem::path other = bytes ? text::list_path(*bytes, folder) : image;
  return std::filesystem::exists(other, error) ? other : image;
}

void add_image(const pugi::xml_node& node, const std::string& name, const std::filesystem::path& folder,
               const Scheme& scheme, Dataset& result) {
  const std::string file = node.attribute("file").value();
  if (file.empty()) {
    result.rejected.push_back({name, "an <image> has no 'file' (wanted the photo's path); add it"});
    return;
  }
  int number = 0;
  for (const pugi::xml_node box : node.children("box")) {
    ++number;
    if (is_set(box.attribute("ignore"))) continue;
    const std::string where = name + ": " + file + ", box " + std::to_string(number);
    try {
      Face face{.image = image_of(file, folder), .points = parts_of(box, where, scheme), .listed = file};
      face.box = box_of(box, where);
      face.photo = photo_id(inside(folder, face.image));
      face.width = node.attribute("width").as_int(0);
      face.height = node.attribute("height").as_int(0);
      result.faces.push_back(std::move(face));
    } catch (const FormatError& error) {
      result.rejected.push_back(text::rejected(error, where));
    }
  }
  if (number == 0) result.rejected.push_back({name + ": " + file, "the image has no <box>; annotate its faces"});
}

std::string number_text(float value, const ImglabOptions& options) {
  return text::shortest(options.whole_pixels ? std::round(value) + 0.0f : value);  // + 0: no "-0"
}

void set(pugi::xml_node node, const char* key, float value, const ImglabOptions& options) {
  node.append_attribute(key) = number_text(value, options).c_str();
}

std::string relative_to(std::filesystem::path folder, std::filesystem::path image) {
  if (folder.is_absolute() != image.is_absolute()) {
    folder = std::filesystem::absolute(folder.empty() ? "." : folder);
    image = std::filesystem::absolute(image);
  }
  const auto relative = image.lexically_normal().lexically_relative(folder.lexically_normal());
  return (relative.empty() ? image : relative).generic_string();
}

void append_box(pugi::xml_node image, const Face& face, const ImglabOptions& options) {
  text::require_finite(face, "faces");
  Box box = face.box.value_or(bounding_box(face.points));
  box.x += 0.5f;
  box.y += 0.5f;
  if (options.whole_pixels) {  // Round the edges, not the size, so that the far edges move by half a pixel at most.
    box.width = std::max(1.0f, std::round(box.x + box.width) - std::round(box.x));
    box.height = std::max(1.0f, std::round(box.y + box.height) - std::round(box.y));
  }
  pugi::xml_node node = image.append_child("box");
  set(node, "top", box.y, options);
  set(node, "left", box.x, options);
  set(node, "width", box.width, options);
  set(node, "height", box.height, options);
  for (std::size_t i = 0; i < face.points.size(); ++i) {
    pugi::xml_node part = node.append_child("part");
    if (!is_known(face.points[i])) {
      node.remove_child(part);
      continue;
    }
    const std::string name = (i < 10 ? "0" : "") + std::to_string(i);  // dlib sorts parts by name, as text
    part.append_attribute("name") = name.c_str();
    set(part, "x", face.points[i].x, options);
    set(part, "y", face.points[i].y, options);
  }
}

}  // namespace

Dataset parse_imglab(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                     const Scheme& scheme) {
  const std::string where(name);
  // dlib declares ISO-8859-1 and writes names of files as they are, which is UTF-8 nearly everywhere.
  const pugi::xml_document document = load_xml(text, where, "an imglab file");
  const pugi::xml_node images = document.child("dataset").child("images");
  if (!images)
    throw FormatError(
        {where, "the file is not imglab's", "<dataset><images>", root_of(document), "check what file this is"});
  Dataset result;
  for (const pugi::xml_node image : images.children("image")) add_image(image, where, folder, scheme, result);
  return result;
}

Dataset read_imglab(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_imglab(read_text(path), path.string(), path.parent_path(), scheme);
}

namespace {

/// Not a stream: a pugixml that is installed knows those of one standard library alone.
struct TextWriter final : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
};

}  // namespace

std::string format_imglab(std::span<const Face> faces, const std::filesystem::path& folder,
                          const ImglabOptions& options) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("dataset");
  root.append_child("name").text() = "faces";
  pugi::xml_node images = root.append_child("images");
  pugi::xml_node image;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    if (i == 0 || faces[i].image != faces[i - 1].image) {
      image = images.append_child("image");
      image.append_attribute("file") = relative_to(folder, faces[i].image).c_str();
    }
    append_box(image, faces[i], options);
  }
  TextWriter out;
  document.save(out, "  ");
  return out.text;
}

void write_imglab(const std::filesystem::path& path, std::span<const Face> faces, const ImglabOptions& options) {
  write_file(path, format_imglab(faces, path.parent_path(), options));
}

}  // namespace lineament
