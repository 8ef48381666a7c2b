// menpo's landmark files (.ljson): JSON, 0-based, points as [y, x].
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// Reads version 1 (points inside labelled groups, in order), 2 (one list of points) and 3 (several named lists;
/// `group` chooses one). With an empty `group` the file must hold exactly one list of as many points as the scheme has.
/// A point that is null is kUnknownPoint. Throws FormatError: not JSON, an unknown version, another number of points,
/// more than one list to choose from.
Landmarks parse_ljson(std::string_view text, std::string_view name = "points", std::string_view group = "",
                      const Scheme& scheme = ibug_68());

/// parse_ljson of a file. Throws FileError too.
Landmarks read_ljson(const std::filesystem::path& path, std::string_view group = "", const Scheme& scheme = ibug_68());

}  // namespace lineament
