// The two formats without compression: the header alone says how many bytes must follow.
#include <algorithm>

#include "image/formats.hpp"

namespace lineament::detail {
namespace {

/// The fields of a PNM header: numbers between white space, with comments from '#' to the end of the line.
class PnmFields {
 public:
  explicit PnmFields(const Source& source) : s_(source) {}

  std::uint64_t number() {
    skip_space();
    std::uint64_t value = 0;
    const std::size_t first = at_;
    for (; at_ < s_.bytes.size() && is_digit(s_.bytes[at_]); ++at_) {
      value = value * 10 + (s_.bytes[at_] - '0');
      if (value > 0xFFFFFFFFu) s_.reject_damaged("PNM", "a number in its header is too large");
    }
    if (at_ == s_.bytes.size()) s_.reject_cut("PNM", "the rest of its header");
    if (at_ == first) s_.reject_damaged("PNM", "a number in its header is missing");
    return value;
  }
  /// Where the samples begin: one white space after the last number.
  std::size_t data() const { return at_ + 1; }

 private:
  static bool is_digit(int c) { return c >= '0' && c <= '9'; }
  static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

  void skip_space() {
    while (at_ < s_.bytes.size() && (is_space(s_.bytes[at_]) || s_.bytes[at_] == '#')) {
      if (s_.bytes[at_] == '#')
        while (at_ < s_.bytes.size() && s_.bytes[at_] != '\n' && s_.bytes[at_] != '\r') ++at_;
      else
        ++at_;
    }
  }

  const Source& s_;
  std::size_t at_ = 2;  // After P5 or P6.
};

struct PnmHeader {
  explicit PnmHeader(const Source& s) : channels(s.bytes[1] == '6' ? 3 : 1) {
    PnmFields fields(s);
    width = fields.number();
    height = fields.number();
    white = fields.number();
    s.check_size(width, height);
    if (white < 1 || white > 65535) s.reject_damaged("PNM", "its largest value is not in 1 to 65535");
    sample_bytes = white > 255 ? 2 : 1;
    data = fields.data();
    if (!s.has(data, width * height * channels * sample_bytes)) s.reject_cut("PNM", "the rest of its picture data");
  }

  std::uint64_t width = 0, height = 0, white = 0;  ///< white: the largest value
  std::size_t channels, sample_bytes = 1;
  std::size_t data = 0;  ///< where the samples begin
};

}  // namespace

Header scan_bmp(const Source& s) {
  if (!s.has(0, 26)) s.reject_cut("BMP", "the rest of its header");
  const std::uint64_t offset = s.little32(10);
  const std::uint64_t header_size = s.little32(14);
  const bool old = header_size == 12;
  if (!old && !s.has(0, 34)) s.reject_cut("BMP", "the rest of its header");
  Header header;
  header.width = old ? s.little16(18) : s.little32(18);
  // A negative height says that the rows go from top to bottom.
  const auto rows = static_cast<std::int32_t>(old ? s.little16(20) : s.little32(22));
  header.height = static_cast<std::uint64_t>(rows < 0 ? -static_cast<std::int64_t>(rows) : rows);
  s.check_size(header.width, header.height);
  const std::uint64_t bits = old ? s.little16(24) : s.little16(28);
  const std::uint32_t compression = old ? 0 : s.little32(30);
  if (compression != 0 && compression != 3)
    s.reject("is a kind of BMP that cannot be read", "an uncompressed BMP", "a compressed one", "convert it to PNG");
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
    s.reject_damaged("BMP", "it has " + std::to_string(bits) + " bits a pixel");
  if (offset < 14 + header_size) s.reject_damaged("BMP", "its picture data begin inside its header");
  const std::uint64_t row_bytes = (header.width * bits + 31) / 32 * 4;
  if (offset > s.bytes.size() || row_bytes * header.height > s.bytes.size() - offset)
    s.reject_cut("BMP", "the rest of its picture data");
  return header;
}

Header scan_pnm(const Source& s) {
  const PnmHeader h(s);
  return {h.width, h.height};
}

Image decode_pnm(const Source& s) {
  const PnmHeader h(s);
  Image image(static_cast<int>(h.width), static_cast<int>(h.height));
  const auto sample = [&](std::size_t i) {
    const std::size_t at = h.data + i * h.sample_bytes;
    const std::uint64_t value = std::min<std::uint64_t>(h.white, h.sample_bytes == 2 ? s.big16(at) : s.bytes[at]);
    return static_cast<std::uint8_t>((value * 255 + h.white / 2) / h.white);
  };
  const auto out = image.pixels();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = sample(h.channels == 3 ? i : i / 3);
  return image;
}

}  // namespace lineament::detail
