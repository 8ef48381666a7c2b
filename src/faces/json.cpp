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
    s += (i ? ", " : "") + (is_known(face.points[i])
                                ? "[" + text::shortest(face.points[i].x) + ", " + text::shortest(face.points[i].y) + "]"
                                : "null");
  s += "]";
  for (std::size_t i = 0; i < face.spread.size(); ++i)
    s += (i ? ", " : ", \"spread\": [") + text::shortest(face.spread[i]);
  if (!face.spread.empty()) s += "]";
  if (face.score) s += ", \"score\": " + text::shortest(*face.score);
  if (face.detection) s += ", \"detection\": " + text::shortest(*face.detection);
  for (const auto& [name, value] : face.measures) s += ", " + json_string(name) + ": " + text::shortest(value);
  return s + "}";
}

}  // namespace

std::string format_json(std::span<const Face> faces, const std::map<std::string, std::string>& more,
                        std::span<const std::filesystem::path> photos) {
  std::string s = "{\"format\": \"lineament-faces\", \"version\": 1, ";
  for (const auto& [key, value] : more) {
    if (key == "format" || key == "version" || key == "faces" || key == "photos")
      throw ArgumentError({"faces", "the format has an entry of this name itself", "another name", key, ""});
    s += json_string(key) + ": " + json_string(value) + ", ";
  }
  for (std::size_t i = 0; i < photos.size(); ++i)
    s += (i ? ", " : "\"photos\": [") + json_string(photos[i].generic_string());
  s += photos.empty() ? "\"faces\": [" : "],\n\"faces\": [";
  for (std::size_t i = 0; i < faces.size(); ++i) s += (i ? ",\n  " : "\n  ") + json_face(faces[i]);
  return s + (faces.empty() ? "]}\n" : "\n]}\n");
}

void write_json(const std::filesystem::path& path, std::span<const Face> faces,
                const std::map<std::string, std::string>& more, std::span<const std::filesystem::path> photos) {
  write_file(path, format_json(faces, more, photos));
}

}  // namespace lineament
