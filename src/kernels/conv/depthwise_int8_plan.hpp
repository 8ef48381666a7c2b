// How depthwise convolutions in int8 are cut, and how their packed weights lie: by sizes alone.
#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/common/budgets.hpp"
#include "kernels/common/matrix.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

/// Windows are read as words: four rows of one column and channel, the weights of rows that are not theirs being 0.
/// With stride 1 two or four rows of outputs share the words of theirs.
struct DepthwiseWords {
  static constexpr int kSlice = 64;  ///< channels whose words lie in the first-level cache at a time

  ConvGeometry g;
  int together;  ///< rows of outputs that share words: 1, 2 or 4
  int words;     ///< of a column
  int width;     ///< columns that all windows of a row meet
  int rows;      ///< of outputs in a task
  int groups;    ///< of kColumns channels

  DepthwiseWords(const ConvGeometry& geometry, int threads)
      : g(geometry),
        together(g.stride > 1    ? 1
                 : g.kernel == 5 ? 4
                                 : 2),
        words((g.kernel + together - 1 + 3) / 4),
        width((g.out_w - 1) * g.stride + g.kernel),
        rows(std::clamp((g.out_h + threads - 1) / threads, 1, kDepthwiseRows)),
        groups((g.in_c + kColumns - 1) / kColumns) {}

  std::size_t row_bytes() const { return static_cast<std::size_t>(g.in_w) * static_cast<std::size_t>(g.in_c); }
  /// Words of the weights of a group, in this order: rows that share words, columns, words, channels.
  int row_weights() const { return g.kernel * words * kColumns; }
  int group_weights() const { return together * row_weights(); }

  // Workspace of a thread, in floats: words of a slice, bytes that stand for rows outside, rows rounded to bytes.
  std::size_t slice() const { return static_cast<std::size_t>(width * words * kSlice); }
  static constexpr std::size_t outside() { return kSlice / sizeof(float); }
  std::size_t strip() const {
    const int most = std::min(g.in_h, (kDepthwiseRows - 1) * g.stride + g.kernel);
    return whole_lines((static_cast<std::size_t>(most) * row_bytes() + sizeof(float) - 1) / sizeof(float));
  }
  std::size_t thread_bytes() const { return float_bytes(slice() + outside() + strip()); }
};

/// Packed: the input's scale, then for each channel a scale and an offset, then the words. V: float or const float.
template <class V>
struct DepthwiseWeights {
  V *input, *scale, *offset, *words;

  DepthwiseWeights(const DepthwiseWords& p, V* packed)
      : input(packed),
        scale(packed + kHeader),
        offset(scale + std::ptrdiff_t{p.groups} * kColumns),
        words(offset + std::ptrdiff_t{p.groups} * kColumns) {}
  static std::size_t size(const DepthwiseWords& p) {  // floats
    return kHeader + static_cast<std::size_t>(p.groups * (2 * kColumns + p.group_weights()));
  }

 private:
  static constexpr std::size_t kHeader = 16;
};

}  // namespace lineament
