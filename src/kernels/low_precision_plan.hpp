// How convolutions in int8 and bfloat16 are cut into strips, and how their packed weights lie: by sizes alone.
#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/low_precision.hpp"

namespace lineament {

constexpr int kGroupColumns = 16;
constexpr std::size_t kHeader = 16;  // floats before the scales: step and zero of the input

struct WordPlan {
  ConvGeometry g;
  Number number;
  bool pointwise;                 ///< rows mean nothing: all pixels of the batch are one run
  int words;                      ///< of a pixel
  int padded_width;               ///< of a row of the strip
  int rows;                       ///< of the output in a strip; pointwise: pixels in a run
  int groups;                     ///< of 16 columns
  std::size_t strip, pool, line;  ///< sizes in words, for each thread

  std::ptrdiff_t group_words() const { return std::ptrdiff_t{g.kernel} * g.kernel * words * kGroupColumns; }
  int input_rows(int count) const { return (count - 1) * g.stride + g.kernel; }
  int pixels() const { return g.batch * g.out_h * g.out_w; }
  /// So few pixels that threads must share out the columns: dense layers.
  bool wide() const { return pointwise && pixels() < 96; }
  std::size_t own() const { return strip + pool + line; }
};

inline std::size_t whole_lines(std::size_t words) {
  return (words + 15) / 16 * 16;
}

inline WordPlan plan_words(const ConvGeometry& g, Number number) {
  WordPlan p{};
  p.g = g;
  p.number = number;
  const int in_word = number == Number::int8 ? 4 : 2;
  p.words = (g.in_c + in_word - 1) / in_word;
  p.groups = (g.out_c + kGroupColumns - 1) / kGroupColumns;
  p.pointwise =
      g.kernel == 1 && g.stride == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h && g.in_w == g.out_w;
  const auto words = static_cast<std::size_t>(p.words);
  // Input and output of a strip stay in the second-level cache.
  constexpr int kStripWords = 64 * 1024;
  if (p.pointwise) {
    p.padded_width = 1;
    p.rows = p.wide() ? p.pixels() : std::clamp(kStripWords / (p.words + g.out_c) / 48, 1, 16) * 48;
    p.strip = whole_lines(words * static_cast<std::size_t>(p.rows));
  } else {
    p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
    p.rows = std::clamp(kStripWords / (g.stride * p.padded_width * p.words + g.out_w * g.out_c) / 2 * 2, 2, 8);
    p.strip = whole_lines(static_cast<std::size_t>(p.input_rows(p.rows) * p.padded_width) * words);
    p.pool = whole_lines(static_cast<std::size_t>(p.rows * g.out_w * g.out_c));
  }
  // Channels that do not fill their words are rounded into a line first. A word may reach over its end.
  if (g.in_c % in_word != 0)
    p.line =
        whole_lines(static_cast<std::size_t>(p.pointwise ? p.rows : g.in_w) * static_cast<std::size_t>(g.in_c) + 4);
  return p;
}

}  // namespace lineament
