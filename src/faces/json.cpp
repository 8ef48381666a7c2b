// Faces written as JSON.
#include "lineament/faces/json.hpp"

#include <nlohmann/json.hpp>

#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

std::string json_string(const std::string& s) {
  return nlohmann::json(s).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Numbers are written by hand: nlohmann/json keeps doubles, so that 0.1f would come out as 0.10000000149011612.
std::string json_face(const Face& face) {
  text::require_finite(face, "faces");
  std::string s = "{\"image\": " + json_string(face.image.generic_string()) + ", \"box\": ";
  if (const auto& b = face.box)
    s += "[" + text::shortest(b->x) + ", " + text::shortest(b->y) + ", " + text::shortest(b->width) + ", " +
         text::shortest(b->height) + "]";
  else
    s += "null";
  s += ", \"points\": [";
  for (std::size_t i = 0; i < face.points.size(); ++i)
    s += (i ? ", [" : "[") + text::shortest(face.points[i].x) + ", " + text::shortest(face.points[i].y) + "]";
  return s + "]}";
}

}  // namespace

std::string format_json(std::span<const Face> faces) {
  std::string s = "{\"format\": \"lineament-faces\", \"version\": 1, \"faces\": [";
  for (std::size_t i = 0; i < faces.size(); ++i) s += (i ? ",\n  " : "\n  ") + json_face(faces[i]);
  return s + (faces.empty() ? "]}\n" : "\n]}\n");
}

void write_json(const std::filesystem::path& path, std::span<const Face> faces) {
  write_file(path, format_json(faces));
}

}  // namespace lineament
