// Direct convolution as an implicit matrix product over strips of rows. See tile-inl.hpp for the inner loop.
#include "lineament/kernels/conv.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/max_pool-inl.hpp"
#include "kernels/rows-inl.hpp"
#include "kernels/tile-inl.hpp"

#ifndef LINEAMENT_CONV_PLAN
#define LINEAMENT_CONV_PLAN
namespace lineament {
namespace {

/// A convolution with its input spread out by `dilation` zeros: what the gradient of a strided convolution is.
struct StripPlan {
  ConvGeometry g;
  int dilation = 1;
  int rows;          ///< output rows a strip
  int padded_width;  ///< of an input row
  int channels;      ///< input channels of a group
  bool copied;       ///< the strip is copied to scratch, with its padding; otherwise the input is read where it lies
  std::size_t strip_size, pool_size, row_size;  ///< floats

  std::size_t own_size() const { return strip_size + pool_size + row_size; }  ///< scratch of a thread
  int strips() const { return (g.out_h + rows - 1) / rows; }
  int input_rows(int output_rows) const { return (output_rows - 1) * g.stride + g.kernel; }
};

/// With `rows_made` the rows of the input have to be made before they can be read.
StripPlan plan_strips(const ConvGeometry& g, int dilation, bool rows_made = false) {
  StripPlan p{};
  p.g = g;
  p.dilation = dilation;
  p.channels = g.in_c / g.groups;
  p.padded_width = (g.out_w - 1) * g.stride + g.kernel;
  const bool inside =
      g.pad_top == 0 && g.pad_left == 0 && (g.out_h - 1) * g.stride + g.kernel <= g.in_h && p.padded_width <= g.in_w;
  p.copied = !inside || g.groups > 1 || dilation > 1 || rows_made;
  if (!p.copied) p.padded_width = g.in_w;
  // A strip's input and output stay in the second-level cache; even, so that a 2x2 pool fits.
  constexpr int kStripBytes = 256 * 1024;
  const int row_bytes = 4 * (g.stride * p.padded_width * p.channels + g.out_w * g.out_c);
  p.rows = std::clamp(kStripBytes / row_bytes / 2 * 2, 2, 8);
  p.strip_size =
      p.copied ? static_cast<std::size_t>(p.input_rows(p.rows)) * static_cast<std::size_t>(p.padded_width * p.channels)
               : 0;
  p.strip_size = (p.strip_size + 15) / 16 * 16;
  p.pool_size = static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(g.out_w * g.out_c);
  p.pool_size = (p.pool_size + 15) / 16 * 16;
  p.row_size = (static_cast<std::size_t>(g.in_w * g.in_c) + 15) / 16 * 16;
  return p;
}

/// The convolution that takes dy to dx: stride 1 over dy spread out, padded the other way round.
StripPlan plan_data_gradient(const ConvGeometry& g, bool rows_made) {
  ConvGeometry t = g;
  std::swap(t.in_h, t.out_h);
  std::swap(t.in_w, t.out_w);
  std::swap(t.in_c, t.out_c);
  t.stride = 1;
  t.pad_top = g.kernel - 1 - g.pad_top;
  t.pad_left = g.kernel - 1 - g.pad_left;
  return plan_strips(t, g.stride, rows_made);
}

std::size_t weight_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.kernel * g.kernel) * static_cast<std::size_t>(g.in_c / g.groups * g.out_c);
}

/// Weight gradients are summed up in this many parts of the batch, whatever the number of threads.
int gradient_parts(const ConvGeometry& g) {
  return std::min(g.batch, 8);
}

}  // namespace
}  // namespace lineament
#endif  // LINEAMENT_CONV_PLAN

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Rows first … first + count - 1 of the padded (and spread out) input of one group, zeros included. The input may be a
/// gradient whose rows are made in `room`.
HWY_ATTR void FillStrip(const StripPlan& p, const ConvGradient& x, int image, int group, int first, int count,
                        float* strip, float* room) {
  const ConvGeometry& g = p.g;
  const int channels = p.channels;
  for (int r = 0; r < count; ++r) {
    float* to = strip + static_cast<std::ptrdiff_t>(r) * p.padded_width * channels;
    const int spread = first + r - g.pad_top;
    if (spread < 0 || spread % p.dilation != 0 || spread / p.dilation >= g.in_h) {
      std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(p.padded_width * channels));
      continue;
    }
    const float* from = GradientRow(x, image, spread / p.dilation, g.in_h, g.in_w, g.in_c, room) + group * channels;
    if (g.groups == 1 && p.dilation == 1) {  // the usual case: one run of pixels between two runs of zeros
      const int left = std::min(std::max(g.pad_left, 0), p.padded_width);
      const int skip = std::max(-g.pad_left, 0);
      const int inside = std::max(0, std::min(g.in_w - skip, p.padded_width - left));
      std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(left * channels));
      std::memcpy(to + left * channels, from + skip * channels,
                  sizeof(float) * static_cast<std::size_t>(inside * channels));
      std::memset(to + (left + inside) * channels, 0,
                  sizeof(float) * static_cast<std::size_t>((p.padded_width - left - inside) * channels));
      continue;
    }
    for (int column = 0; column < p.padded_width; ++column, to += channels) {
      const int sx = column - g.pad_left;
      if (sx < 0 || sx % p.dilation != 0 || sx / p.dilation >= g.in_w)
        std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(channels));
      else
        std::memcpy(to, from + static_cast<std::ptrdiff_t>(sx / p.dilation) * g.in_c,
                    sizeof(float) * static_cast<std::size_t>(channels));
    }
  }
}

HWY_ATTR void RunStrip(const StripPlan& p, int image, int strip, const ConvGradient& x, const float* w,
                       const float* bias, ConvEpilogue epilogue, float* y, float* scratch) {
  const ConvGeometry& g = p.g;
  const int first = strip * p.rows;
  const int rows = std::min(p.rows, g.out_h - first);
  const float* in = x.dy + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
  const std::ptrdiff_t out_row = static_cast<std::ptrdiff_t>(g.out_w) * g.out_c;
  float* out =
      epilogue.max_pool ? scratch + p.strip_size : y + (static_cast<std::ptrdiff_t>(image) * g.out_h + first) * out_row;
  const int out_channels = g.out_c / g.groups;
  for (int group = 0; group < g.groups; ++group) {
    if (p.copied)
      FillStrip(p, x, image, group, first * g.stride, p.input_rows(rows), scratch,
                scratch + p.strip_size + p.pool_size);
    const float* source = p.copied ? scratch : in + static_cast<std::ptrdiff_t>(first * g.stride) * g.in_w * g.in_c;
    const std::ptrdiff_t source_row = static_cast<std::ptrdiff_t>(p.padded_width) * p.channels;
    Product m{};
    m.a_row = static_cast<std::ptrdiff_t>(g.stride) * p.channels;
    m.a_step = 1;
    m.a_segment = source_row;
    m.b_row = g.out_c;
    m.segments = g.kernel;
    m.length = g.kernel * p.channels;
    m.c_row = g.out_c;
    m.relu = epilogue.relu;
    // Columns outside: the weights of two vectors of channels stay in the first-level cache for the whole strip.
    const int panel = 2 * static_cast<int>(hn::Lanes(Floats()));
    for (int n = 0; n < out_channels; n += panel) {
      m.b = w + group * out_channels + n;
      m.bias = bias == nullptr ? nullptr : bias + group * out_channels + n;
      for (int r = 0; r < rows; ++r) {
        m.a = source + r * g.stride * source_row;
        m.c = out + r * out_row + group * out_channels + n;
        if (epilogue.add != nullptr) m.residual = epilogue.add + (m.c - y);
        Multiply(m, g.out_w, std::min(panel, out_channels - n));
      }
    }
  }
  if (epilogue.max_pool) {
    const std::ptrdiff_t at =
        (static_cast<std::ptrdiff_t>(image) * (g.out_h / 2) + first / 2) * (g.out_w / 2) * g.out_c;
    PoolStrip(out, rows, g.out_w, g.out_c, y + at, epilogue.winners == nullptr ? nullptr : epilogue.winners + at,
              epilogue.relu);
  }
}

HWY_ATTR void RunConv(const StripPlan& p, const ConvGradient& x, const float* w, const float* bias,
                      ConvEpilogue epilogue, float* y, float* scratch, Threads& threads) {
  const int strips = p.strips();
  threads.run(p.g.batch * strips, [&](int task, int thread) HWY_ATTR {
    float* own = scratch + static_cast<std::size_t>(thread) * p.own_size();
    RunStrip(p, task / strips, task % strips, x, w, bias, epilogue, y, own);
  });
}

/// Weights for the data gradient: both directions of the window reversed, channels in and out exchanged in each group.
HWY_ATTR void TransposeWeights(const ConvGeometry& g, const float* w, float* to) {
  const int in_c = g.in_c / g.groups, out_c = g.out_c / g.groups, taps = g.kernel * g.kernel;
  for (int tap = 0; tap < taps; ++tap)
    for (int group = 0; group < g.groups; ++group)
      for (int o = 0; o < out_c; ++o)
        for (int i = 0; i < in_c; ++i)
          to[(static_cast<std::ptrdiff_t>(tap) * out_c + o) * g.in_c + group * in_c + i] =
              w[(static_cast<std::ptrdiff_t>(taps - 1 - tap) * in_c + i) * g.out_c + group * out_c + o];
}

/// Adds up `pixels`.
HWY_ATTR void AddPixels(const float* dy, std::size_t pixels, int channels, float* sums) {
  for (std::size_t i = 0; i < pixels; ++i, dy += channels)
    for (int c = 0; c < channels; ++c) sums[c] += dy[c];
}

/// Rows first … first + count - 1 of a picture's gradient, one behind the other: where they lie, or in `room`.
HWY_ATTR const float* GradientStrip(const ConvGeometry& g, const ConvGradient& dy, int image, int first, int count,
                                    float* room) {
  if (!dy.fused()) return GradientRow(dy, image, first, g.out_h, g.out_w, g.out_c, nullptr);
  for (int r = 0; r < count; ++r)
    GradientRow(dy, image, first + r, g.out_h, g.out_w, g.out_c,
                room + static_cast<std::ptrdiff_t>(r) * g.out_w * g.out_c);
  return room;
}

/// Adds one strip's share of the gradient to `sums`, laid out like the weights, and if asked to `bias_sums`.
HWY_ATTR void WeightGradientStrip(const StripPlan& p, int image, int strip, const float* x, const ConvGradient& dy,
                                  float* sums, float* bias_sums, float* scratch) {
  const ConvGeometry& g = p.g;
  const int first = strip * p.rows;
  const int rows = std::min(p.rows, g.out_h - first);
  const float* in = x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
  const float* gradient = GradientStrip(g, dy, image, first, rows, scratch + p.strip_size);
  if (bias_sums != nullptr) AddPixels(gradient, static_cast<std::size_t>(rows * g.out_w), g.out_c, bias_sums);
  const int out_channels = g.out_c / g.groups;
  for (int group = 0; group < g.groups; ++group) {
    if (p.copied) FillStrip(p, {x}, image, group, first * g.stride, p.input_rows(rows), scratch, nullptr);
    const float* source = p.copied ? scratch : in + static_cast<std::ptrdiff_t>(first * g.stride) * g.in_w * g.in_c;
    const std::ptrdiff_t source_row = static_cast<std::ptrdiff_t>(p.padded_width) * p.channels;
    Product m{};
    m.a_row = 1;  // a row of C is one weight of the window, a step is one pixel
    m.a_step = static_cast<std::ptrdiff_t>(g.stride) * p.channels;
    m.a_segment = g.stride * source_row;
    m.b = gradient + group * out_channels;
    m.b_row = g.out_c;
    m.segments = rows;
    m.length = g.out_w;
    m.c_row = g.out_c;
    m.add = true;
    for (int ky = 0; ky < g.kernel; ++ky) {
      m.a = source + ky * source_row;
      m.c = sums + static_cast<std::ptrdiff_t>(ky) * g.kernel * p.channels * g.out_c + group * out_channels;
      Multiply(m, g.kernel * p.channels, out_channels);
    }
  }
}

HWY_ATTR void WeightGradient(const StripPlan& p, const float* x, const ConvGradient& dy, float* dw, float* dbias,
                             float* scratch, Threads& threads) {
  const ConvGeometry& g = p.g;
  const int parts = gradient_parts(g);
  const std::size_t size = weight_size(g), part_size = size + static_cast<std::size_t>(g.out_c);
  float* partial = scratch;
  float* strips = scratch + static_cast<std::size_t>(parts) * part_size;
  threads.run(parts, [&](int part, int thread) HWY_ATTR {
    float* sums = partial + static_cast<std::size_t>(part) * part_size;
    std::memset(sums, 0, sizeof(float) * part_size);
    for (int image = part * g.batch / parts; image < (part + 1) * g.batch / parts; ++image)
      for (int strip = 0; strip < p.strips(); ++strip)
        WeightGradientStrip(p, image, strip, x, dy, sums, dbias == nullptr ? nullptr : sums + size,
                            strips + static_cast<std::size_t>(thread) * p.own_size());
  });
  for (int part = 0; part < parts; ++part) {
    const float* sums = partial + static_cast<std::size_t>(part) * part_size;
    for (std::size_t i = 0; i < size; ++i) dw[i] += sums[i];
    if (dbias != nullptr)
      for (int c = 0; c < g.out_c; ++c) dbias[c] += sums[size + static_cast<std::size_t>(c)];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(RunConv);
HWY_EXPORT(WeightGradient);
HWY_EXPORT(TransposeWeights);

std::size_t conv_scratch(const ConvGeometry& g, bool train, int threads) {
  const auto count = static_cast<std::size_t>(threads);
  const StripPlan forward = plan_strips(g, 1);
  std::size_t size = count * forward.own_size();
  if (train) {
    const StripPlan data = plan_data_gradient(g, true);
    const auto parts = static_cast<std::size_t>(gradient_parts(g));
    size = std::max(size, weight_size(g) + 16 + count * data.own_size());
    size = std::max(size, parts * (weight_size(g) + static_cast<std::size_t>(g.out_c)) + count * forward.own_size());
  }
  return size;
}

void conv_forward(const ConvGeometry& g, const float* x, const float* w, const float* bias, ConvEpilogue epilogue,
                  float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunConv)(plan_strips(g, 1), {x}, w, bias, epilogue, y, scratch, threads);
}

void conv_backward(const ConvGeometry& g, const float* x, const float* w, const ConvGradient& dy, float* dx, float* dw,
                   float* dbias, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(WeightGradient)(plan_strips(g, 1), x, dy, dw, dbias, scratch, threads);
  if (dx == nullptr) return;
  HWY_DYNAMIC_DISPATCH(TransposeWeights)(g, w, scratch);
  HWY_DYNAMIC_DISPATCH(RunConv)
  (plan_data_gradient(g, dy.fused()), dy, scratch, nullptr, {}, dx, scratch + (weight_size(g) + 15) / 16 * 16, threads);
}

}  // namespace lineament
#endif
