// The scanners: each walks the structure of one file format before a pixel is decoded, finds size and orientation, and
// rejects what stb_image would let pass: cut files, sizes beyond the limit, tables that overflow.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/image.hpp"

namespace lineament::detail {

using Bytes = std::span<const std::uint8_t>;

struct Header {
  std::uint64_t width = 0, height = 0;
  int orientation = 1;  ///< EXIF's, 1 to 8
  int components = 3;   ///< of a JPEG
};

/// One file being scanned: its bytes, and what its messages need.
struct Source {
  Bytes bytes;
  std::string_view name;
  DecodeLimits limits;

  [[noreturn]] void reject(std::string what, std::string wanted = {}, std::string got = {}, std::string fix = {}) const;
  /// `wanted` is what should have come where the bytes end.
  [[noreturn]] void reject_cut(const char* format, const char* wanted) const;
  [[noreturn]] void reject_damaged(const char* format, std::string what) const;
  /// Throws if the picture has no pixels or more than the limit.
  void check_size(std::uint64_t width, std::uint64_t height) const;

  bool has(std::size_t at, std::size_t count) const { return at <= bytes.size() && count <= bytes.size() - at; }
  std::uint32_t big16(std::size_t at) const { return bytes[at] * 256u + bytes[at + 1]; }
  std::uint32_t big32(std::size_t at) const { return big16(at) << 16 | big16(at + 2); }
  std::uint32_t little16(std::size_t at) const { return bytes[at] + bytes[at + 1] * 256u; }
  std::uint32_t little32(std::size_t at) const { return little16(at) | little16(at + 2) << 16; }
};

Header scan_jpeg(const Source& source);
Header scan_png(const Source& source);
Header scan_bmp(const Source& source);
Header scan_pnm(const Source& source);
/// Binary PGM and PPM (P5, P6) are read without stb: its reader takes 16-bit samples in the wrong byte order and reads
/// past its buffer when it converts them (CVE-2021-42716).
Image decode_pnm(const Source& source);

/// The orientation in an EXIF block (a TIFF header and its first directory), or 1 if it says none or cannot be read.
int exif_orientation(Bytes tiff);

}  // namespace lineament::detail
