// menpo's landmark files (.ljson): JSON, 0-based, points as [y, x].
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// Reads version 1 (points inside labelled groups, in order), 2 (one list of points) and 3 (several named lists;
/// `group` chooses one). With an empty `group` the file must hold exactly one list of 68 points. Throws FormatError:
/// not JSON, an unknown version, not 68 points, a missing point (null), more than one list to choose from.
Landmarks parse_ljson(std::string_view text, std::string_view name = "points", std::string_view group = "");

/// parse_ljson of a file. Throws FileError too.
Landmarks read_ljson(const std::filesystem::path& path, std::string_view group = "");

}  // namespace lineament
