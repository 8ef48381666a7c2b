// Both gradients of a depthwise convolution in one pass: one image a task, one vector of channels at a time.
#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/conv/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/depthwise_gradient.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/depthwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// One image, for the channels of one vector: pointers are at its first channel.
template <bool kPartial>
struct DepthwiseGradient {
  const ConvGeometry& g;
  Channels<kPartial> channels;
  const float *x, *w, *dy;
  float *dx, *sums, *bias_sum;  ///< the last may be nullptr

  HWY_INLINE std::size_t at(int y, int column, int width) const {
    return static_cast<std::size_t>(y * width + column) * channels.count;
  }
  HWY_INLINE std::size_t tap(int ky, int kx) const {
    return static_cast<std::size_t>(ky * g.kernel + kx) * channels.count;
  }

  /// Adds what one row of dy gives to kRows x kColumns weights, from (ky, kx) on, whose input rows lie inside.
  template <int kRows, int kColumns>
  HWY_INLINE void add_taps(int oy, int ky, int kx) const {
    const std::size_t side = channels.count, step = static_cast<std::size_t>(g.stride) * side;
    const int y = oy * g.stride - g.pad_top + ky, left = kx - g.pad_left;
    const InsideColumns inside(g, kx, kColumns);
    const std::size_t ahead = step * static_cast<std::size_t>(g.in_w);  // what the next row of dy will be met with
    const float* gradient = dy + at(oy, 0, g.out_w);
    Vector sum[kRows][kColumns];
#pragma GCC unroll 3
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
      for (int k = 0; k < kColumns; ++k) sum[r][k] = channels.load(sums + tap(ky + r, kx + k));
    const auto edge = [&](int ox) HWY_ATTR {
      const Vector v = channels.load(gradient + static_cast<std::size_t>(ox) * side);
#pragma GCC unroll 3
      for (int k = 0; k < kColumns; ++k) {
        const int column = ox * g.stride + left + k;
        if (column < 0 || column >= g.in_w) continue;
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r)
          sum[r][k] = hn::MulAdd(channels.load(x + at(y + r, column, g.in_w)), v, sum[r][k]);
      }
    };
    for (int ox = 0; ox < inside.begin; ++ox) edge(ox);
    if (inside.begin < inside.end) {
      const float* from[kRows];
#pragma GCC unroll 3
      for (int r = 0; r < kRows; ++r) from[r] = x + at(y + r, inside.begin * g.stride + left, g.in_w);
      const float* end = gradient + static_cast<std::size_t>(inside.end) * side;
      for (const float* p = gradient + static_cast<std::size_t>(inside.begin) * side; p != end; p += side) {
        hwy::Prefetch(from[kRows - 1] + ahead);
        hwy::Prefetch(p + side * static_cast<std::size_t>(g.out_w));
        const Vector v = channels.load(p);
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
          for (int k = 0; k < kColumns; ++k)
            sum[r][k] = hn::MulAdd(channels.load(from[r] + static_cast<std::size_t>(k) * side), v, sum[r][k]);
          from[r] += step;
        }
      }
    }
    for (int ox = inside.end; ox < g.out_w; ++ox) edge(ox);
#pragma GCC unroll 3
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
      for (int k = 0; k < kColumns; ++k) channels.store(sum[r][k], sums + tap(ky + r, kx + k));
  }

  /// Adds what one row of dy gives to the sums.
  HWY_INLINE void add_row(int oy) const {
    if (bias_sum != nullptr) {
      Vector sum = channels.load(bias_sum);
      for (int ox = 0; ox < g.out_w; ++ox) sum = hn::Add(sum, channels.load(dy + at(oy, ox, g.out_w)));
      channels.store(sum, bias_sum);
    }
    const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h);
    if (g.kernel == 3 && ys.end - ys.begin == 3) return add_taps<3, 3>(oy, 0, 0);
    if (g.kernel == 3 && ys.end - ys.begin == 2) return add_taps<2, 3>(oy, ys.begin, 0);
    for (int ky = ys.begin; ky < ys.end; ++ky) {
      int kx = 0;
      for (; kx + 3 <= g.kernel; kx += 3) add_taps<1, 3>(oy, ky, kx);
      for (; kx < g.kernel; ++kx) add_taps<1, 1>(oy, ky, kx);
    }
  }

  /// One pixel of dx, gathered from the outputs whose windows hold it.
  HWY_INLINE void gather(int y, int column) const {
    const int above = y + g.pad_top, before = column + g.pad_left;
    Vector sum = hn::Zero(Floats());
    for (int ky = above % g.stride; ky < g.kernel && ky <= above; ky += g.stride) {
      const int oy = (above - ky) / g.stride;
      if (oy >= g.out_h) continue;
      for (int kx = before % g.stride; kx < g.kernel && kx <= before; kx += g.stride) {
        const int ox = (before - kx) / g.stride;
        if (ox < g.out_w)
          sum = hn::MulAdd(channels.load(dy + at(oy, ox, g.out_w)), channels.load(w + tap(ky, kx)), sum);
      }
    }
    channels.store(sum, dx + at(y, column, g.in_w));
  }
  /// Every stride-th pixel of a row of dx, whose windows meet it in the columns kx, kx + stride, … and in the rows ky,
  /// ky + stride, … of the rows of dy from oy upwards.
  template <int kRows, int kColumns>
  HWY_INLINE void gather_comb(int y, int oy, int ky, int kx) const {
    Vector weights[kRows][kColumns];
    const float* from[kRows];
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
      from[r] = dy + at(oy - r, 0, g.out_w);
#pragma GCC unroll 2
      for (int k = 0; k < kColumns; ++k) weights[r][k] = channels.load(w + tap(ky + r * g.stride, kx + k * g.stride));
    }
    const int first = g.pad_left > kx ? (g.pad_left - kx + g.stride - 1) / g.stride : 0;
    for (int ox = first, column = first * g.stride + kx - g.pad_left; column < g.in_w; ++ox, column += g.stride) {
      Vector sum = hn::Zero(Floats());
#pragma GCC unroll 2
      for (int k = 0; k < kColumns; ++k) {
        if (ox < k || ox - k >= g.out_w) continue;
#pragma GCC unroll 2
        for (int r = 0; r < kRows; ++r)
          sum = hn::MulAdd(channels.load(from[r] + static_cast<std::size_t>(ox - k) * channels.count), weights[r][k],
                           sum);
      }
      channels.store(sum, dx + at(y, column, g.in_w));
    }
  }
  HWY_INLINE void gather_row(int y) const {
    const int above = y + g.pad_top, skipped = std::max(0, above / g.stride - (g.out_h - 1));
    const int oy = above / g.stride - skipped, ky = above % g.stride + skipped * g.stride;
    const int rows = ky < g.kernel ? std::min((g.kernel - ky + g.stride - 1) / g.stride, oy + 1) : 0;
    for (int kx = 0; kx < g.stride; ++kx) {
      const int columns = kx < g.kernel ? (g.kernel - kx + g.stride - 1) / g.stride : 0;
      if (rows == 1 && columns == 1) {
        gather_comb<1, 1>(y, oy, ky, kx);
      } else if (rows == 1 && columns == 2) {
        gather_comb<1, 2>(y, oy, ky, kx);
      } else if (rows == 2 && columns == 1) {
        gather_comb<2, 1>(y, oy, ky, kx);
      } else if (rows == 2 && columns == 2) {
        gather_comb<2, 2>(y, oy, ky, kx);
      } else {
        for (int column = 0; column < g.in_w; ++column)
          if ((column + g.pad_left) % g.stride == kx) gather(y, column);
      }
    }
  }
};

/// The convolution that takes dy to dx where the stride is 1.
HWY_INLINE ConvGeometry Flipped(const ConvGeometry& g) {
  ConvGeometry t = g;
  std::swap(t.in_h, t.out_h);
  std::swap(t.in_w, t.out_w);
  t.pad_top = g.kernel - 1 - g.pad_top;
  t.pad_left = g.kernel - 1 - g.pad_left;
  return t;
}

/// Scratch: for each image sums for weights and bias, {taps + 1, channels}, the flipped weights, and what each thread
/// makes. With a stride of 1 the gradient with respect to x is the forward pass over dy with the window flipped.
HWY_ATTR void DepthwiseGradients(const ConvGeometry& g, const ConvBackward& b) {
  const auto channels = static_cast<std::size_t>(g.in_c), taps = static_cast<std::size_t>(g.kernel * g.kernel);
  const std::size_t in_row = static_cast<std::size_t>(g.in_w) * channels,
                    in_size = static_cast<std::size_t>(g.in_h) * in_row;
  const std::size_t out_row = static_cast<std::size_t>(g.out_w) * channels,
                    out_size = static_cast<std::size_t>(g.out_h) * out_row;
  const std::size_t part_size = (taps + 1) * channels;
  float *sums = as<float>(b.scratch), *flipped_w = sums + static_cast<std::size_t>(g.batch) * part_size;
  float* works = flipped_w + taps * channels;
  for (std::size_t tap = 0; tap < taps; ++tap)
    std::copy_n(b.w + (taps - 1 - tap) * channels, channels, flipped_w + tap * channels);
  const ConvGeometry flipped = Flipped(g);
  const int strips = (g.in_h + kDepthwiseRows - 1) / kDepthwiseRows;
  b.threads->run(g.batch, [&](int task, int thread) HWY_ATTR {
    const auto image = static_cast<std::size_t>(task);
    float *in_work = works + static_cast<std::size_t>(thread) * (in_size + out_size), *out_work = in_work + in_size;
    float *own = sums + image * part_size, *to = b.dx == nullptr ? nullptr : b.dx + image * in_size;
    std::fill_n(own, part_size, 0.0f);
    for (int strip = 0; strip < strips; ++strip) {
      const RowRange rows{strip * kDepthwiseRows, std::min(g.in_h, (strip + 1) * kDepthwiseRows)};  // of dx
      const RowRange out_rows{strip * g.out_h / strips, (strip + 1) * g.out_h / strips};  // that the weights meet
      RowRange read = out_rows;
      if (to != nullptr) {
        const RowRange met = OutputRows(g, rows);
        read = {std::min(read.begin, met.begin), std::max(read.end, met.end)};
      }
      const float* in = NormalisedRows({b.x, b.norm}, b.added, image * in_size, conv_input_rows(g, out_rows), in_row,
                                       channels, in_work);
      const float* gradient = GradientRows(b.dy, image * out_size, read, out_row, channels, out_work);
      const auto each = [&](auto&& f) HWY_ATTR {
        EachVectorOfChannels(g.in_c, [&]<bool kPartial>(const Channels<kPartial>& some, std::size_t c) HWY_ATTR {
          float* bias_sum = b.dbias != nullptr ? own + taps * channels + c : nullptr;
          f(DepthwiseGradient<kPartial>{g, some, in + c, b.w + c, gradient + c, to == nullptr ? to : to + c, own + c,
                                        bias_sum});
        });
      };
      for (int oy = out_rows.begin; oy < out_rows.end; ++oy) each([&](const auto& some) HWY_ATTR { some.add_row(oy); });
      if (to == nullptr) continue;
      if (g.stride > 1) {
        for (int y = rows.begin; y < rows.end; ++y) each([&](const auto& some) HWY_ATTR { some.gather_row(y); });
      } else {
        const Vector zero = hn::Zero(Floats()), least = CutAt(false);
        for (int y = rows.begin; y < rows.end; ++y)
          EachVectorOfChannels(g.in_c, [&]<bool kPartial>(const Channels<kPartial>& some, std::size_t c) HWY_ATTR {
            Lines<kPartial>{flipped, some, gradient + c, flipped_w + c, zero, least, to + c}.run(y);
          });
      }
      if (b.sums) {
        const std::size_t at = static_cast<std::size_t>(rows.begin) * in_row;
        const std::size_t block = image * static_cast<std::size_t>(strips) + static_cast<std::size_t>(strip);
        BlockGradientSums(b.norm, b.x + image * in_size + at, to + at,
                          static_cast<std::size_t>((rows.end - rows.begin) * g.in_w), channels,
                          b.sums.of(block, channels));
      }
    }
  });
  AddParts(sums, g.batch, part_size, taps * channels, b.dw, *b.threads);
  if (b.dbias != nullptr) AddParts(sums + taps * channels, g.batch, part_size, channels, b.dbias, *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseGradients);

Needs Depthwise::memory(const ConvProblem& p) const {
  if (!p.training()) return {};
  const ConvGeometry& g = p.g;
  const int taps = g.kernel * g.kernel, pixels = g.in_h * g.in_w + g.out_h * g.out_w;
  return {.scratch = float_bytes(static_cast<std::size_t>(g.batch * (taps + 1) + taps + p.threads * pixels) *
                                 static_cast<std::size_t>(g.in_c))};
}

void Depthwise::gradients(const ConvProblem& p, const ConvBackward& b) const {
  HWY_DYNAMIC_DISPATCH(DepthwiseGradients)(p.g, b);
}

}  // namespace lineament
#endif
