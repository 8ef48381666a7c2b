// MATLAB's level-5 MAT files, as 300W-LP and AFLW2000-3D have one beside each photo (Zhu et al., "Face Alignment Across
// Large Poses", CVPR 2016).
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// Reads the variable pt3d_68 (3 x points: x, y and a depth, which is not read; AFLW2000-3D's) or, if there is none of
/// the scheme's number of points, pt2d (2 x points; 300W-LP's). Numbers may be of any real type, the file of either
/// byte order, its variables compressed or not. Coordinates are taken as 1-based, as MATLAB's are: 1 is subtracted. A
/// point with both coordinates -1 (before that), or with one that is NaN, is kUnknownPoint. Throws FormatError: no MAT
/// file of level 5 (MATLAB saves it with "save -v7"), no such variable, another number of points, infinite coordinates,
/// damage; compressed variables are held against their checksum. `name` stands in messages only.
Landmarks parse_mat(std::span<const std::uint8_t> bytes, std::string_view name = "points",
                    const Scheme& scheme = ibug_68());

/// parse_mat of a file. Throws FileError too.
Landmarks read_mat(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
