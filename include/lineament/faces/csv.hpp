// Tables of landmarks: a photo's name and 136 numbers a row.
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// Rows of a photo's name and coordinates in pixels, 0-based, separated by commas, semicolons or tabs, fields in double
/// quotes if need be (RFC 4180). A photo with several faces has several rows. An empty coordinate is a missing point.
///   - With a header (a first line without any number after its name) each column's axis and number are taken from its
///     name: "x0", "y_12", "part_3_x", "p68y"; numbers from 0 or from 1. Columns "width" and "height" are the photo's
///     size; others are passed over.
///   - Without one, rows are "name,x0,y0,…,x67,y67".
/// Image paths are joined to `folder`; `name` stands in messages only. A row that cannot be used (too few or too many
/// fields, a word, NaN, no name) goes to `rejected`. Throws FormatError if there is no row at all, or a header that
/// does not tell the order of its columns.
Dataset parse_csv(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                  const Scheme& scheme = ibug_68());

/// parse_csv of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_csv(const std::filesystem::path& path, const Scheme& scheme = ibug_68());

}  // namespace lineament
