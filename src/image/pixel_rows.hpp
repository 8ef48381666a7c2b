// Rows of a picture of any pixel format as 8-bit RGB.
#pragma once
#include <cstdint>

#include "lineament/image/view.hpp"

namespace lineament {

/// The view with its stride and its planes of chroma filled in. Throws as check() does.
ImageView completed(const ImageView& view);

/// Pixels [x, x + count) of row `y` as r, g, b; `view` is completed, and has them. Reads and writes nothing else.
void read_rgb(const ImageView& view, int x, int y, int count, std::uint8_t* out);

}  // namespace lineament
