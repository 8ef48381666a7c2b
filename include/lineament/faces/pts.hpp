// The .pts files of 300-W. They are 1-based (written for Matlab); here and only here they become 0-based and back.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// Reads either form:
///   - the standard one: "version: 1", "n_points: 68", then one "x y" a line between { and };
///   - a bare list of numbers x y x y …, 136 of them for 68 points, if need be under one line with the photo's name.
/// A byte order mark, any line ends, blank lines, spaces, commas or semicolons between numbers, comments after # or //,
/// and other "key: value" lines in the header are accepted. Numbers are read the same in every locale. `name` stands in
/// messages only. Throws FormatError naming the line: not as many points as the scheme has, a word, NaN or infinity
/// where a number should be, no closing brace (the file was cut short), anything after it.
Landmarks parse_pts(std::string_view text, std::string_view name = "points", const Scheme& scheme = ibug_68());

/// parse_pts of a file. Throws FileError if it cannot be read, FormatError as parse_pts.
Landmarks read_pts(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

/// The standard form. Each number has the fewest decimals (at least three) that give back the same float: exact for
/// every coordinate of magnitude 2^-29 pixel or more, and within 2^-53 pixel below that. Throws ArgumentError if a
/// coordinate is not finite.
std::string format_pts(const Landmarks& points);

/// Replaces `path` in one step (see write_file). Throws as format_pts, and FileError.
void write_pts(const std::filesystem::path& path, const Landmarks& points);

}  // namespace lineament
