// The chunks of a PNG file (PNG specification, third edition), walked from the signature to IEND. stb_image checks no
// checksums, so damage that still unpacks would become wrong pixels; the checksums are checked here.
#include <array>

#include "image/formats.hpp"

namespace lineament::detail {
namespace {

constexpr const char* kFormat = "PNG";

constexpr std::uint32_t type(const char (&name)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(name[i]);
  return value;
}

constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}();

std::uint32_t crc(Bytes bytes) {
  std::uint32_t c = 0xFFFFFFFFu;
  for (const std::uint8_t b : bytes) c = kCrcTable[(c ^ b) & 255] ^ (c >> 8);
  return ~c;
}

}  // namespace

Header scan_png(const Source& s) {
  Header header;
  bool data_seen = false;
  for (std::size_t at = 8;;) {  // After the signature.
    if (!s.has(at, 8)) s.reject_cut(kFormat, "its IEND chunk");
    const std::size_t length = s.big32(at);
    const std::uint32_t chunk = s.big32(at + 4);
    const std::size_t data = at + 8;
    if (at == 8 && chunk == type("CgBI"))
      s.reject("is a PNG as Xcode packs it into iPhone apps (CgBI), which no other program reads", "an ordinary PNG",
               "", "convert it on a Mac, or with 'pngcrush -revert-iphone-optimizations'");
    if ((chunk == type("IHDR")) != (at == 8)) s.reject_damaged(kFormat, "IHDR is not its first chunk");
    if (chunk == type("IHDR")) {
      if (length != 13) s.reject_damaged(kFormat, "IHDR has a wrong length");
      if (!s.has(data, 8)) s.reject_cut(kFormat, "its width and height");
      header.width = s.big32(data);
      header.height = s.big32(data + 4);
      s.check_size(header.width, header.height);
    }
    if (!s.has(data, length) || !s.has(data + length, 4)) s.reject_cut(kFormat, "the rest of a chunk");
    const bool critical = !(chunk & 0x20000000u);  // An upper-case first letter.
    if (critical && chunk != type("IHDR") && chunk != type("PLTE") && chunk != type("IDAT") && chunk != type("IEND"))
      s.reject("is a kind of PNG that cannot be read", "", "a chunk that must be understood and is not",
               "convert it to an ordinary PNG or JPEG");
    if ((critical || chunk == type("tRNS")) && crc(s.bytes.subspan(at + 4, length + 4)) != s.big32(data + length))
      s.reject_damaged(kFormat, "a checksum is wrong");
    if (chunk == type("IDAT")) data_seen = true;
    if (chunk == type("eXIf")) header.orientation = exif_orientation(s.bytes.subspan(data, length));
    at = data + length + 4;
    if (chunk == type("IEND")) {
      if (!data_seen) s.reject_damaged(kFormat, "it ends before any picture data");
      return header;
    }
  }
}

}  // namespace lineament::detail
