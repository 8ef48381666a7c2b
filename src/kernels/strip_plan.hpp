// How direct convolutions cut pictures into strips of rows.
#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/conv.hpp"

namespace lineament {

/// Some rows of a picture's output and the rows of the input that their windows meet.
struct StripPlan {
  ConvGeometry g;
  int rows;                ///< of the output
  int padded_width;        ///< of an input row
  int channels;            ///< input channels of a group
  bool copied;             ///< the input is copied, with its padding; otherwise it is read where it lies
  std::size_t strip_size;  ///< floats of the copy of one group

  int strips() const { return (g.out_h + rows - 1) / rows; }
  int input_rows(int output_rows) const { return (output_rows - 1) * g.stride + g.kernel; }
  /// Rows of the window of an output row that lie in the picture.
  RowRange rows_inside(int row) const {
    const int top = row * g.stride - g.pad_top, begin = std::clamp(-top, 0, g.kernel);
    return {begin, std::clamp(g.in_h - top, begin, g.kernel)};
  }
  std::ptrdiff_t row_size() const { return static_cast<std::ptrdiff_t>(padded_width) * channels; }
};

/// Whole cache lines.
inline std::size_t round_up(std::size_t floats) {
  return (floats + 15) / 16 * 16;
}

inline StripPlan plan_strips(const ConvGeometry& g, int rows, bool always_copied = false) {
  StripPlan p{};
  p.g = g;
  p.rows = rows;
  p.channels = g.in_c / g.groups;
  p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
  const bool inside = g.pad_top == 0 && g.pad_left == 0 && p.input_rows(g.out_h) <= g.in_h && p.padded_width <= g.in_w;
  p.copied = !inside || g.groups > 1 || always_copied;
  if (!p.copied) p.padded_width = g.in_w;
  if (p.copied) p.strip_size = round_up(static_cast<std::size_t>(p.input_rows(rows) * p.row_size()));
  return p;
}

/// Floats of scratch that conv_backward needs.
std::size_t conv_gradient_scratch(const ConvGeometry&, int threads);

}  // namespace lineament
