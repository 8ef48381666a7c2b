// How direct convolutions cut images into strips of rows, forward and for the gradients.
#pragma once
#include <algorithm>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/common/parts.hpp"
#include "kernels/conv/conv.hpp"

namespace lineament {

/// Some rows of an image's output and the rows of the input that their windows meet.
struct StripPlan {
  ConvGeometry g;
  int rows;                ///< of the output
  int padded_width;        ///< of an input row
  int channels;            ///< input channels of a group
  bool copied;             ///< the input is copied, with its padding; otherwise it is read where it lies
  std::size_t strip_size;  ///< floats of the copy of one group

  int strips() const { return (g.out_h + rows - 1) / rows; }
  int input_rows(int output_rows) const { return (output_rows - 1) * g.stride + g.kernel; }
  /// Rows of the window of an output row that lie in the image.
  RowRange rows_inside(int row) const {
    const int top = row * g.stride - g.pad_top, begin = std::clamp(-top, 0, g.kernel);
    return {begin, std::clamp(g.in_h - top, begin, g.kernel)};
  }
  std::ptrdiff_t row_size() const { return static_cast<std::ptrdiff_t>(padded_width) * channels; }
  /// Forward: floats of scratch of a thread, the strip, and with a max-pool what it reads.
  std::size_t thread_size() const {
    return strip_size + whole_lines(static_cast<std::size_t>(rows) * static_cast<std::size_t>(g.out_w * g.out_c));
  }
};

inline StripPlan plan_strips(const ConvGeometry& g, int rows, bool always_copied = false) {
  StripPlan p{};
  p.g = g;
  p.rows = rows;
  p.channels = g.in_c / g.groups;
  p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
  const bool inside = g.pad_top == 0 && g.pad_left == 0 && p.input_rows(g.out_h) <= g.in_h && p.padded_width <= g.in_w;
  p.copied = !inside || g.groups > 1 || always_copied;
  if (!p.copied) p.padded_width = g.in_w;
  if (p.copied) p.strip_size = whole_lines(static_cast<std::size_t>(p.input_rows(rows) * p.row_size()));
  return p;
}

/// Rows of the output whose sums a batch norm gets together: every strip is whole pairs of rows.
inline constexpr int kMomentRows = 2;

/// Even, so that a 2x2 pool fits. With more than eight rows, those that two strips share no longer count.
inline StripPlan plan_direct(const ConvGeometry& g) {
  const std::ptrdiff_t padded_width = std::ptrdiff_t{g.out_w - 1} * g.stride + g.kernel;
  const std::ptrdiff_t row_bytes =
      4 * (g.stride * padded_width * (g.in_c / g.groups) + std::ptrdiff_t{g.out_w} * g.out_c);
  return plan_strips(g, static_cast<int>(std::clamp<std::ptrdiff_t>(direct_strip() / row_bytes / 2 * 2, 2, 8)));
}

/// One direction of a window that moves by `stride`, the input's pixels counted from its padding: pixel `stride` * q +
/// phase meets tap `stride` * t + phase of output pixel q - t.
struct Direction {
  int kernel, stride, pad, in;

  int taps() const { return (kernel + stride - 1) / stride; }  ///< of the phase that has most
  int first() const { return pad / stride; }                   ///< q of the image's first and last pixel
  int last() const { return (in - 1 + pad) / stride; }
  int count() const { return last() - first() + 1; }

  int taps(int phase) const { return phase < kernel ? (kernel - 1 - phase) / stride + 1 : 0; }
  /// Those q whose pixel lies in the image.
  RowRange range(int phase) const {
    const int begin = (std::max(0, pad - phase) + stride - 1) / stride;
    return {begin, std::max(begin, (std::max(0, in + pad - phase) + stride - 1) / stride)};
  }
};

struct DirectGradientPlan {
  StripPlan x;   ///< whose windows meet a strip of the gradient
  StripPlan dy;  ///< the gradient with padding, which a convolution of stride 1 takes to the input's
  Direction down, across;
  int rows;    ///< of the gradient, a strip
  int images;  ///< that a strip takes at once: more than one only if it takes all their rows
  int parts;
  std::size_t weights, part_size, row_size;  ///< floats; of a row of the gradient

  /// One after the last row of the gradient, or of the q that need it.
  int end() const { return std::max(x.g.out_h, down.last() + 1); }
  /// Rows kept of the strip before: the windows of two strips overlap.
  int kept() const { return down.taps() - 1; }

  // Scratch, in floats: the flipped weights, the parts' sums, and for each thread the strip of x and the gradient in
  // panels, then the strip of dy and rows made of it.
  std::size_t sums_at() const { return whole_lines(weights); }
  std::size_t threads_at() const { return sums_at() + static_cast<std::size_t>(parts) * part_size; }
  std::size_t x_size() const { return static_cast<std::size_t>(images) * x.strip_size; }
  std::size_t panels_size() const { return whole_lines(static_cast<std::size_t>(images * rows) * row_size); }
  std::size_t dy_size() const { return static_cast<std::size_t>(images) * dy.strip_size; }
  std::size_t thread_size() const {
    return x_size() + panels_size() + dy_size() +
           whole_lines(static_cast<std::size_t>(kept() + rows * images) * row_size);
  }
  std::size_t size(int threads) const { return threads_at() + static_cast<std::size_t>(threads) * thread_size(); }
};

inline DirectGradientPlan plan_direct_gradient(const ConvGeometry& g) {
  DirectGradientPlan p{};
  p.down = {g.kernel, g.stride, g.pad_top, g.in_h};
  p.across = {g.kernel, g.stride, g.pad_left, g.in_w};
  p.weights = weights_size(g);
  p.part_size = whole_lines(p.weights + static_cast<std::size_t>(g.out_c));
  p.row_size = static_cast<std::size_t>(g.out_w * g.out_c);
  p.parts = parts_of_images(g.batch, p.part_size);

  p.x = plan_strips(g, 1);
  ConvGeometry back = g;
  back.in_h = g.out_h;
  back.in_w = g.out_w;
  back.in_c = g.out_c;
  back.out_h = p.down.count();
  back.out_w = p.across.count();
  back.out_c = g.in_c;
  back.stride = 1;
  back.kernel = p.down.taps();
  back.pad_top = p.kept() - p.down.first();
  back.pad_left = p.kept() - p.across.first();
  p.dy = plan_strips(back, 1, true);

  // The sums, which may not stay in the cache, are read and written once a strip: the more of the batch it takes, the
  // better.
  const std::ptrdiff_t row_bytes =
      4 * (g.stride * (p.x.row_size() + std::ptrdiff_t{g.in_w} * g.in_c) + p.dy.row_size() + g.out_w * g.out_c);
  p.rows = static_cast<int>(std::clamp<std::ptrdiff_t>(kDirectGradientStrip / row_bytes, 1, p.end()));
  const int images = (g.batch + p.parts - 1) / p.parts;
  p.images = p.rows < p.end()
                 ? 1
                 : static_cast<int>(std::clamp<std::ptrdiff_t>(kDirectGradientStrip / (row_bytes * p.rows), 1, images));
  p.x = plan_strips(g, p.rows);
  p.dy = plan_strips(back, p.rows, true);
  return p;
}

}  // namespace lineament
