// Tables of landmarks: a photo's name and 136 numbers a row.
#pragma once
#include <filesystem>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"

namespace LINEAMENT_API lineament {

/// Rows "name,x0,y0,…,x67,y67", 0-based pixels, separated by commas, fields in double quotes if need be (RFC 4180). A
/// photo with several faces has several rows. The first line may be a header: a line with an empty name or without any
/// number behind it. If the header's first two columns of numbers both begin with x, the order is x0 … x67, y0 … y67.
/// Image paths are joined to `folder`; `name` stands in messages only. A row that cannot be used (too few or too many
/// fields, a word, NaN, no name) goes to `rejected`. Throws FormatError if there is no row at all.
Dataset parse_csv(std::string_view text, std::string_view name, const std::filesystem::path& folder);

/// parse_csv of a file; its images are relative to the file's folder. Throws FileError too.
Dataset read_csv(const std::filesystem::path& path);

}  // namespace lineament
