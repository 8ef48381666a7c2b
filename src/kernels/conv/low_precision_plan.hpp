// How convolutions in int8 and bfloat16, and on AMX in fp32, are cut into strips, and how their packed weights lie: by
// sizes alone.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/matrix.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

/// What words are made of. `split`: floats as the sum of two bfloat16, of which the lesser ones lie in words of their
/// own after the others.
enum class Numbers { int8, bf16, split };

struct WordPlan {
  ConvGeometry g;
  Numbers numbers;
  bool pointwise;                 ///< rows mean nothing: all pixels of the batch are one run
  int words;                      ///< of a pixel
  int padded_width;               ///< of a row of the strip
  int rows;                       ///< of the output in a strip; pointwise: pixels in a run
  int groups;                     ///< of kColumns
  std::size_t strip, pool, line;  ///< sizes in words, for each thread; split: two strips

  int length() const { return g.kernel * words; }  ///< of a window's row, in words
  std::ptrdiff_t group_words() const { return std::ptrdiff_t{g.kernel} * length() * kColumns; }
  /// Split: where the lesser words are, from the others on.
  std::ptrdiff_t low_weights() const { return numbers == Numbers::split ? groups * group_words() : 0; }
  std::ptrdiff_t low_strip() const { return numbers == Numbers::split ? static_cast<std::ptrdiff_t>(strip) / 2 : 0; }
  int input_rows(int count) const { return (count - 1) * g.stride + g.kernel; }
  int pixels() const { return g.batch * g.out_h * g.out_w; }
  /// So few pixels that threads must share out the columns: dense layers.
  bool wide() const { return pointwise && pixels() < kFewPixels; }
  std::size_t thread_bytes() const { return float_bytes(strip + pool + line); }
};

inline WordPlan plan_words(const ConvGeometry& g, Numbers numbers) {
  WordPlan p{};
  p.g = g;
  p.numbers = numbers;
  const int in_word = numbers == Numbers::int8 ? 4 : 2, strips = numbers == Numbers::split ? 2 : 1;
  p.words = (g.in_c + in_word - 1) / in_word;
  p.groups = (g.out_c + kColumns - 1) / kColumns;
  p.pointwise = is_pointwise(g);
  const auto words = static_cast<std::size_t>(p.words);
  const int budget = short_strip() / 4;
  // Pixels: whole register tiles of 12, 6, 4 and 2 rows. Rows: even, so that a 2x2 pool fits, and few enough for
  // several strips an image.
  if (p.pointwise) {
    p.padded_width = 1;
    p.rows = p.wide() ? p.pixels() : std::clamp(budget / (strips * p.words + g.out_c) / 48, 1, 16) * 48;
    p.strip = whole_lines(words * static_cast<std::size_t>(p.rows)) * static_cast<std::size_t>(strips);
  } else {
    p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
    p.rows = std::clamp(budget / (strips * g.stride * p.padded_width * p.words + g.out_w * g.out_c) / 2 * 2, 2, 8);
    p.strip = whole_lines(static_cast<std::size_t>(p.input_rows(p.rows) * p.padded_width) * words) *
              static_cast<std::size_t>(strips);
    p.pool = whole_lines(static_cast<std::size_t>(p.rows * g.out_w * g.out_c));
  }
  // Channels that do not fill their words are rounded into a line first. A word may reach over its end.
  if (g.in_c % in_word != 0)
    p.line =
        whole_lines(static_cast<std::size_t>(p.pointwise ? p.rows : g.in_w) * static_cast<std::size_t>(g.in_c) + 4);
  return p;
}

/// Packed weights: the input's scale, then for each column a scale and an offset, then the words in groups of columns.
/// V is float, or const float.
template <class V>
struct WordWeights {
  V *input, *scale, *offset, *words;

  WordWeights(const WordPlan& p, V* packed)
      : input(packed),
        scale(packed + kHeader),
        offset(scale + std::ptrdiff_t{p.groups} * kColumns),
        words(offset + std::ptrdiff_t{p.groups} * kColumns) {}
  static std::size_t size(const WordPlan& p) {  // floats
    const auto groups = static_cast<std::size_t>(p.groups);
    return kHeader + 2 * groups * kColumns + groups * static_cast<std::size_t>(p.group_words()) +
           static_cast<std::size_t>(p.low_weights());
  }
  /// Calls f(row of weights, where they go) for each tap and channel of w: those of column n are place(p, n) numbers
  /// on. Number: std::int8_t or std::uint16_t.
  template <class Number, class F>
  void each_row(const WordPlan& p, const float* w, F&& f) const {
    constexpr int kInWord = 4 / static_cast<int>(sizeof(Number));
    for (int tap = 0; tap < p.g.kernel * p.g.kernel; ++tap)
      for (int channel = 0; channel < p.g.in_c; ++channel, w += p.g.out_c) {
        const std::ptrdiff_t word = (std::ptrdiff_t{tap} * p.words + channel / kInWord) * kColumns;
        f(w, reinterpret_cast<Number*>(words + word) + channel % kInWord);
      }
  }
  template <class Number>
  static std::ptrdiff_t place(const WordPlan& p, int n) {
    return 4 / static_cast<int>(sizeof(Number)) * (n / kColumns * p.group_words() + n % kColumns);
  }

 private:
  static constexpr std::size_t kHeader = 16;
};

}  // namespace lineament
