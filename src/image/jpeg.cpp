// The segments of a JPEG file (ITU-T T.81, annex B), walked from the start marker to the end marker.
#include <algorithm>
#include <cstring>

#include "image/formats.hpp"

namespace lineament::detail {
namespace {

constexpr const char* kFormat = "JPEG";

bool is_restart(int marker) {
  return marker >= 0xD0 && marker <= 0xD7;
}
bool is_frame(int marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// The position of the first marker at or after `at` that ends coded data: FF 00 is the value FF, and restarts belong
/// to it.
std::size_t skip_coded_data(const Source& s, std::size_t at) {
  const std::uint8_t* const begin = s.bytes.data();
  const std::uint8_t* const end = begin + s.bytes.size();
  const std::uint8_t* p = begin + at;
  while (p < end) {
    p = static_cast<const std::uint8_t*>(std::memchr(p, 0xFF, static_cast<std::size_t>(end - p)));
    if (!p) break;
    const std::uint8_t* const marker = p;
    while (p < end && *p == 0xFF) ++p;
    if (p == end) break;
    if (*p != 0 && !is_restart(*p)) return static_cast<std::size_t>(marker - begin);
  }
  s.reject_cut(kFormat, "its end marker");
}

/// stb copies the code lengths of a Huffman table into 257 places however many there are.
void check_huffman_tables(const Source& s, std::size_t at, std::size_t end) {
  while (at < end) {
    std::size_t codes = 0;
    if (end - at < 17) s.reject_damaged(kFormat, "a Huffman table is too short");
    for (std::size_t i = 1; i <= 16; ++i) codes += s.bytes[at + i];
    if (codes > 256) s.reject_damaged(kFormat, "a Huffman table has more than 256 codes");
    if (end - at < 17 + codes) s.reject_damaged(kFormat, "a Huffman table is too short");
    at += 17 + codes;
  }
}

void read_frame(const Source& s, int marker, std::size_t at, std::size_t end, Header& header) {
  if (header.width) s.reject_damaged(kFormat, "it has a second frame header");
  if (end - at < 6) s.reject_damaged(kFormat, "its frame header is too short");
  if (marker > 0xC2 || s.bytes[at] != 8)
    s.reject("is a kind of JPEG that cannot be read", "8-bit baseline or progressive with Huffman codes",
             "lossless, arithmetic-coded or more than 8 bits", "convert it to an ordinary JPEG or PNG");
  header.components = s.bytes[at + 5];
  header.height = s.big16(at + 1);
  header.width = s.big16(at + 3);
  s.check_size(header.width, header.height);
}

void read_application_data(const Source& s, std::size_t at, std::size_t end, Header& header) {
  // The first one counts: editors that append another leave what they copied into it as they found it.
  if (header.orientation != 0 || end - at <= 6 || std::memcmp(&s.bytes[at], "Exif\0\0", 6) != 0) return;
  header.orientation = exif_orientation(s.bytes.subspan(at + 6, end - at - 6));
}

}  // namespace

Header scan_jpeg(const Source& s) {
  Header header;
  header.orientation = 0;  // not seen yet
  bool scan_seen = false, adobe = false;
  std::size_t at = 2;  // After the start marker.
  for (;;) {
    // Some cameras pad between segments; a marker is FF (any number of times) and a code.
    while (at < s.bytes.size() && s.bytes[at] != 0xFF) ++at;
    while (at < s.bytes.size() && s.bytes[at] == 0xFF) ++at;
    if (at >= s.bytes.size()) s.reject_cut(kFormat, "its end marker");
    const int marker = s.bytes[at++];
    if (marker == 0xD9) {
      if (!scan_seen) s.reject_damaged(kFormat, "it ends before any picture data");
      // Programs differ in what they take such values for; as colours they would come out wrong, and nobody would know.
      if (header.components == 4 && !adobe)
        s.reject("is a CMYK JPEG without Adobe's marker, whose colours cannot be known",
                 "RGB, grey, or CMYK with the marker", "", "convert it to RGB");
      header.orientation = std::max(header.orientation, 1);
      return header;
    }
    if (marker < 0xC0 || marker == 0xD8 || is_restart(marker)) s.reject_damaged(kFormat, "an unexpected marker");
    if (!s.has(at, 2)) s.reject_cut(kFormat, "the length of a segment");
    const std::size_t end = at + s.big16(at);
    if (end < at + 2) s.reject_damaged(kFormat, "a segment has no length");
    if (end > s.bytes.size()) s.reject_cut(kFormat, "the rest of a segment");
    at += 2;
    if (is_frame(marker)) read_frame(s, marker, at, end, header);
    if (marker == 0xC4) check_huffman_tables(s, at, end);
    if (marker == 0xEE && end - at >= 5 && std::memcmp(&s.bytes[at], "Adobe", 5) == 0) adobe = true;
    if (marker == 0xE1) read_application_data(s, at, end, header);
    at = end;
    if (marker == 0xDA) {
      if (!header.width) s.reject_damaged(kFormat, "picture data come before the frame header");
      scan_seen = true;
      at = skip_coded_data(s, at);
    }
  }
}

}  // namespace lineament::detail
