// A picture in memory that somebody else owns, as cameras, video decoders and other libraries have it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

class Image;

/// What a picture's bytes mean. Alpha is not looked at.
enum class PixelFormat {
  rgb,   ///< r, g, b of each pixel
  bgr,   ///< b, g, r
  rgba,  ///< r, g, b, alpha
  bgra,  ///< b, g, r, alpha
  grey,  ///< one byte, which is r, g and b
  nv12,  ///< a plane of luma; one of u, v pairs, each for 2 x 2 pixels
  nv21,  ///< the same with v, u pairs, as Android's cameras give
  i420   ///< a plane of luma; one of u and one of v, each value for 2 x 2 pixels
};

/// What luma and chroma mean: how red, green and blue are mixed (ITU-R BT.601 or BT.709), and whether luma goes from 16
/// to 235 and chroma from 16 to 240, or both from 0 to 255 ("full", as in JPEG).
enum class YuvColors { bt601, bt601_full, bt709, bt709_full };

/// A picture that belongs to somebody else, who keeps it alive and unchanged while the view is in use. Every function
/// that takes one takes an Image, too. Only the part that is needed is read, and no copy of the whole is made.
///
///     ImageView frame{.data = bytes, .width = 1920, .height = 1080, .format = PixelFormat::nv12};
struct ImageView {
  const std::uint8_t* data = nullptr;  ///< the first byte of the topmost row (nv12, nv21, i420: of luma)
  int width = 0, height = 0;           ///< pixels
  /// Bytes from one row to the next below it. 0: rows follow each other. Below 0, where the bottom row comes first in
  /// memory: `data` is then that of the last row in memory. Not for nv12, nv21 and i420.
  std::ptrdiff_t stride = 0;
  PixelFormat format = PixelFormat::rgb;

  // Of nv12, nv21 and i420 alone.
  YuvColors colors = YuvColors::bt601;  ///< by default as most cameras give
  /// The plane of pairs or of u. nullptr: it follows height * stride bytes of luma.
  const std::uint8_t* chroma = nullptr;
  /// i420: the plane of v. nullptr: it follows the plane of u. Swapped pointers read a picture whose v comes first.
  const std::uint8_t* chroma_v = nullptr;
  /// Bytes from one row of chroma to the next. 0: i420 half of that of luma, the others as luma; an odd stride is
  /// rounded up to even. Chroma has (width + 1) / 2 columns and (height + 1) / 2 rows.
  std::ptrdiff_t chroma_stride = 0;
};

/// Throws ArgumentError unless there is data, each side is 1 to 2^24 pixels (beyond it a float no longer counts them),
/// there are no more than Image::kMostPixels, and no stride is less than a row. Whether the memory is there cannot be
/// checked.
void check(const ImageView& view);

/// A copy as 8-bit RGB. Luma and chroma are worked out to within 0.6 of the exact colour, and pixels of a 2 x 2 block
/// share its chroma as it is. Throws as check() does.
Image to_image(const ImageView& view);

}  // namespace lineament
