// What the one stb unit offers to the readers of pictures and of other packed files.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace lineament::detail {

struct Free {
  void operator()(void* p) const noexcept { std::free(p); }
};

/// What came out of a decoder: width * height * channels bytes; `pixels` is null if the data are damaged.
struct Decoded {
  std::unique_ptr<std::uint8_t[], Free> pixels;
  int width = 0, height = 0;
  int reduced = 1;  ///< see PhotoFile: whoever cannot reduce leaves it at 1
};

/// Decodes a JPEG, PNG or BMP that the scanners of formats.hpp have passed. `channels` is 3 or 4 (with alpha); stb may
/// not set aside more than `largest_block` bytes in one piece, so that a small file cannot unpack without end. Throws
/// std::bad_alloc where the system has not even those.
Decoded stb_decode(std::span<const std::uint8_t> bytes, int channels, std::size_t largest_block);

/// Unpacks a zlib stream (RFC 1950) and holds it against its checksum, which may be followed by a few bytes of padding.
/// Nothing if the stream is damaged, or unpacks to more than `largest` bytes.
std::optional<std::vector<std::uint8_t>> stb_inflate(std::span<const std::uint8_t> bytes, std::size_t largest);

/// RGB pixels to a file's bytes; the caller has checked the sizes.
std::vector<std::uint8_t> stb_encode_png(const std::uint8_t* rgb, int width, int height);
std::vector<std::uint8_t> stb_encode_jpeg(const std::uint8_t* rgb, int width, int height, int quality);

}  // namespace lineament::detail
