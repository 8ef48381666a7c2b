// Text lists of faces as WFLW has them (Wu et al., "Look at Boundary", CVPR 2018): one face a line, words between
// blanks.
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// Lines in one of three forms, for the scheme's number of points (WFLW's own is 98):
///   x0 y0 … x97 y97  x_min y_min x_max y_max  6 attributes, each 0 or 1  path
///   x0 y0 … path
///   path x0 y0 …
/// The path may hold blanks, but its first word (in the last form: its last) is not a number. Coordinates are taken as
/// 0-based with pixel centres at integers, as WFLW's are used everywhere; the rectangle's corners are taken in the same
/// coordinates; the attributes are not read. Blank lines and lines that begin with # are passed over. Images are below
/// `folder`, or below one of the two folders above it or a "WFLW_images" there: WFLW keeps its lists in a tree of their
/// own. `name` stands in messages only. A line that cannot be used (another number of words, a word for a number, NaN)
/// goes to `rejected`. Throws FormatError if there is no line at all.
Dataset parse_wflw(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                   const Scheme& scheme = ibug_68());

/// parse_wflw of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_wflw(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
