// JPEG's coded data to pixels: by libjpeg-turbo where this was built with it (LINEAMENT_JPEG=turbo), otherwise by stb.
#pragma once
#include <cstddef>

#include "image/formats.hpp"
#include "image/stb.hpp"

namespace lineament::detail {

/// RGB of a JPEG that scan_jpeg() has passed, `header` being what it found. Whatever turbo complains about goes to stb:
/// the same files are read and refused in either build. Turbo gives 1 / `reduce` (1, 2, 4 or 8) of the sides, rounded
/// up: pixel i of the result is the middle of pixels reduce * i … reduce * (i + 1) - 1. The rest as for stb_decode().
Decoded decode_jpeg(Bytes bytes, const Header& header, std::size_t largest_block, int reduce = 1);

/// The same through turbo alone: no pixels where it complains, or was not built in.
Decoded decode_jpeg_by_turbo(Bytes bytes, const Header& header, int reduce = 1);

}  // namespace lineament::detail
