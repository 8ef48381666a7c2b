// Each level of halving holds the few rows that the next one, or the caller, needs at once.
#include "image/rgb_rows.hpp"

#include <algorithm>
#include <cstring>

#include "image/lanes.hpp"
#include "image/pixel_rows.hpp"

namespace lineament {
RgbRows::RgbRows(const ImageView& picture, int x, int y, int width, int height)
    : picture_(picture), x_(x), y_(y), levels_{{width, height}} {}

void RgbRows::halve() {
  levels_.push_back({(width() + 1) / 2, (height() + 1) / 2});
}

void RgbRows::keep(int rows) {
  for (Level& level : levels_) {
    const bool in_place = &level == &levels_.front() && picture_.format == PixelFormat::rgb;
    if (in_place) continue;  // no copy is made
    const int kept = &level == &levels_.back() ? rows : 2;
    level.held.assign(static_cast<std::size_t>(kept), -1);
    level.slots.resize(static_cast<std::size_t>(kept) * 3 * static_cast<std::size_t>(level.width));
  }
  if (levels_.size() > 1) sums_.resize(static_cast<std::size_t>(3 * levels_.front().width));
}

const std::uint8_t* RgbRows::row(std::size_t level, int y) {
  Level& l = levels_[level];
  y = std::clamp(y, 0, l.height - 1);
  if (l.held.empty()) return picture_.data + (y_ + y) * picture_.stride + std::ptrdiff_t{3} * x_;
  const std::size_t slot = static_cast<std::size_t>(y) % l.held.size();
  std::uint8_t* const out = l.slots.data() + slot * 3 * static_cast<std::size_t>(l.width);
  if (l.held[slot] != y) {
    fill(level, y, out);
    l.held[slot] = y;
  }
  return out;
}

void RgbRows::fill(std::size_t level, int y, std::uint8_t* out) {
  if (level == 0) return read_rgb(picture_, x_, y_ + y, levels_[0].width, out);
  halve_rows(row(level - 1, 2 * y), row(level - 1, 2 * y + 1), levels_[level - 1].width, out);
}

void RgbRows::halve_rows(const std::uint8_t* a, const std::uint8_t* b, int width, std::uint8_t* out) {
  // First each value with its neighbour in the next pixel, of which every other one is then taken: all of them in
  // vectors cost less than the right ones singly.
  const int n = 3 * width - 3;
  std::uint8_t* const sums = sums_.data();
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    const Short8 mean =
        (load_eight(a + i) + load_eight(a + i + 3) + load_eight(b + i) + load_eight(b + i + 3) + std::uint16_t{2}) >>
        std::uint16_t{2};
    const auto bytes = __builtin_convertvector(mean, Byte8);
    std::memcpy(sums + i, &bytes, sizeof bytes);
  }
  for (; i < n; ++i) sums[i] = static_cast<std::uint8_t>((a[i] + a[i + 3] + b[i] + b[i + 3] + 2) / 4);
  int x = 0;
  const int whole = width / 2;
  for (; x + 1 < whole; ++x) std::memcpy(out + 3 * x, sums + 6 * x, 4);  // the next pixel overwrites the fourth byte
  if (x < whole) std::memcpy(out + 3 * x, sums + 6 * x, 3);
  if (width % 2 != 0)
    for (int c = 0; c < 3; ++c)
      out[3 * whole + c] = static_cast<std::uint8_t>((a[6 * whole + c] + b[6 * whole + c] + 1) / 2);
}

}  // namespace lineament
