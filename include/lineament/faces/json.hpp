// Faces as JSON, for other programs to read.
#pragma once
#include <filesystem>
#include <span>
#include <string>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"

namespace LINEAMENT_API lineament {

/// {
///   "format": "lineament-faces", "version": 1,
///   "faces": [ {"image": "a.jpg", "box": [x, y, width, height] or null, "points": [[x, y], … 68]}, … ]
/// }
/// All numbers are pixels of the whole photo, 0-based with pixel centres at integers (the photo's left edge is -0.5),
/// in the shortest form that gives back the same float. Points are in the order of the 68-point scheme. Image names are
/// UTF-8; bytes that are not become U+FFFD. Throws ArgumentError if a number is not finite.
std::string format_json(std::span<const Face> faces);

/// Replaces `path` in one step (see write_file). Throws as format_json, and FileError.
void write_json(const std::filesystem::path& path, std::span<const Face> faces);

}  // namespace lineament
