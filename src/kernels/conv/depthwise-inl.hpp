// Depthwise convolution of a row: every channel has a window of its own; vectors run over channels. Sums stay in
// registers, and for the usual windows the weights, too: all of a 3x3 one, those of a row of a 5x5 one. Compiled once
// for each instruction set: no include guard in the usual sense.
#if defined(LINEAMENT_DEPTHWISE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_DEPTHWISE_INL
#undef LINEAMENT_DEPTHWISE_INL
#else
#define LINEAMENT_DEPTHWISE_INL
#endif

#include "kernels/common/math-inl.hpp"
#include "kernels/common/rows-inl.hpp"
#include "kernels/common/sums-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Positions of the window in one direction that lie inside the image.
struct TapRange {
  int begin, end;
  HWY_INLINE TapRange(int out, int stride, int pad, int kernel, int in) {
    const int first = out * stride - pad;
    begin = std::max(0, -first);
    end = std::min(kernel, in - first);
  }
};

/// Columns of the output whose windows (or the taps first … first + count - 1 of them) lie inside the image's columns.
struct InsideColumns {
  int begin, end;
  HWY_INLINE InsideColumns(const ConvGeometry& g, int first, int count) {
    const int before = g.pad_left - first, room = g.in_w - count + before;
    begin = before <= 0 ? 0 : std::min((before + g.stride - 1) / g.stride, g.out_w);
    end = room < 0 ? begin : std::clamp(room / g.stride + 1, begin, g.out_w);
  }
};

/// Some channels of every pixel: a whole vector of them or, at the last ones, part of one.
template <bool kPartial>
struct Channels {
  std::size_t count;  ///< of a pixel, all together
  std::size_t lanes;  ///< of these

  HWY_INLINE Vector load(const float* from) const {
    const Floats d;
    if constexpr (kPartial) return LoadFirst(from, lanes, hn::FirstN(d, lanes));
    return hn::LoadU(d, from);
  }
  HWY_INLINE void store(Vector v, float* to) const {
    const Floats d;
    if constexpr (kPartial)
      StoreFirst(v, lanes, hn::FirstN(d, lanes), to);
    else
      hn::StoreU(v, d, to);
  }
};

/// Calls f(Channels, first channel) for each vector of channels.
template <class F>
HWY_INLINE void EachVectorOfChannels(int channels, F&& f) {
  const auto count = static_cast<std::size_t>(channels);
  const std::size_t lanes = hn::Lanes(Floats());
  std::size_t c = 0;
  for (; c + lanes <= count; c += lanes) f(Channels<false>{count, lanes}, c);
  if (c < count) f(Channels<true>{count, count - c}, c);
}

/// Rows of the output whose windows meet rows of the input.
HWY_INLINE RowRange OutputRows(const ConvGeometry& g, RowRange in) {
  const int first = std::max(0, in.begin + g.pad_top - g.kernel + 1), last = in.end - 1 + g.pad_top;
  return {(first + g.stride - 1) / g.stride, std::min(g.out_h, last / g.stride + 1)};
}

/// Some rows of an image, whose first value is `first`: where its row 0 would lie. Those of x or, with a norm, what it
/// and the added terms make of them, in `work`.
inline HWY_ATTR const float* NormalisedRows(const NormTerm& x, std::span<const NormTerm> added, std::size_t first,
                                            RowRange rows, std::size_t row, std::size_t channels, float* work) {
  if (!x.norm || rows.begin >= rows.end) return x.x + first;
  const std::size_t at = static_cast<std::size_t>(rows.begin) * row;
  const std::size_t pixels = static_cast<std::size_t>(rows.end - rows.begin) * row / channels;
  NormalisePixels(x.norm, x.x + first + at, pixels, channels, work);
  for (const NormTerm& term : added) AddTerm(term, first + at, pixels, channels, work);
  return work - at;
}
/// The same of the gradient with respect to a convolution's sums.
inline HWY_ATTR const float* GradientRows(const ConvGradient& dy, std::size_t first, RowRange rows, std::size_t row,
                                          std::size_t channels, float* work) {
  if (!dy.norm || rows.begin >= rows.end) return dy.dy + first;
  const std::size_t at = static_cast<std::size_t>(rows.begin) * row;
  NormGradientPixels(dy.norm, dy.output + first + at, dy.dy + first + at,
                     static_cast<std::size_t>(rows.end - rows.begin) * row / channels, channels, work);
  return work - at;
}

/// The outputs of one image, for the channels of one vector.
template <bool kPartial, bool kHardSwish = false>
struct Lines {
  const ConvGeometry& g;
  Channels<kPartial> channels;
  const float* in;  ///< the image, from its first channel of this vector on
  const float* w;
  Vector bias, least;  ///< least: what the ReLU cuts off
  float* out;

  HWY_INLINE const float* pixel(int y, int x) const {
    return in + (static_cast<std::ptrdiff_t>(y) * g.in_w + x) * static_cast<std::ptrdiff_t>(channels.count);
  }
  HWY_INLINE const float* weight(int ky, int kx) const {
    return w + static_cast<std::size_t>(ky * g.kernel + kx) * channels.count;
  }
  HWY_INLINE void store(Vector v, float* to) const {
    if constexpr (kHardSwish)
      channels.store(HardSwishOf(v), to);
    else
      channels.store(AtLeast(least, v), to);
  }

  /// One row of outputs with a 3x3 window, kRows of whose rows, from `ky` on, are inside the image. kStride: 3 stands
  /// for all larger ones, too.
  template <int kRows, int kStride>
  HWY_INLINE void three_wide(int oy, int ky) const {
    const std::size_t side = channels.count, step = static_cast<std::size_t>(g.stride) * side;
    const int y = oy * g.stride - g.pad_top + ky;
    const std::size_t ahead = step * static_cast<std::size_t>(g.in_w);  // what the next row of outputs will read
    const InsideColumns inside(g, 0, 3);
    Vector weights[kRows][3];
#pragma GCC unroll 3
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) weights[r][k] = channels.load(weight(ky + r, k));
    float* to = out + static_cast<std::size_t>(oy * g.out_w) * side;
    const auto edge = [&](int ox) HWY_ATTR {
      Vector sum = bias;
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) {
        const int x = ox * g.stride - g.pad_left + k;
        if (x < 0 || x >= g.in_w) continue;
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r) sum = hn::MulAdd(channels.load(pixel(y + r, x)), weights[r][k], sum);
      }
      store(sum, to + static_cast<std::size_t>(ox) * side);
    };
    for (int ox = 0; ox < inside.begin; ++ox) edge(ox);
    if (inside.begin < inside.end) {
      const float* from[kRows];
#pragma GCC unroll 3
      for (int r = 0; r < kRows; ++r) from[r] = pixel(y + r, inside.begin * g.stride - g.pad_left);
      float* at = to + static_cast<std::size_t>(inside.begin) * side;
      // Neighbouring windows share columns, which stay in registers.
      Vector column[3][kRows];
      const auto read = [&](int k) HWY_ATTR {
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r) column[k][r] = channels.load(from[r] + static_cast<std::size_t>(k) * side);
      };
      const auto keep = [&](int k, int old) HWY_ATTR {
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r) column[k][r] = column[old][r];
      };
      if (kStride < 3) read(0);
      if (kStride == 1) read(1);
      for (int ox = inside.begin; ox < inside.end; ++ox, at += side) {
        hwy::Prefetch(from[kRows - 1] + ahead);
        if (kStride == 3) read(0);
        if (kStride >= 2) read(1);
        read(2);
        Vector sum = bias, sum2 = hn::Zero(Floats());
#pragma GCC unroll 3
        for (int r = 0; r < kRows; ++r) {
          sum = hn::MulAdd(column[0][r], weights[r][0], sum);
          sum2 = hn::MulAdd(column[1][r], weights[r][1], sum2);
          sum = hn::MulAdd(column[2][r], weights[r][2], sum);
          from[r] += step;
        }
        if (kStride == 1) keep(0, 1), keep(1, 2);
        if (kStride == 2) keep(0, 2);
        store(hn::Add(sum, sum2), at);
      }
    }
    for (int ox = inside.end; ox < g.out_w; ++ox) edge(ox);
  }

  template <int kRows>
  HWY_INLINE void three_wide(int oy, int ky) const {
    if (g.stride == 1)
      three_wide<kRows, 1>(oy, ky);
    else if (g.stride == 2)
      three_wide<kRows, 2>(oy, ky);
    else
      three_wide<kRows, 3>(oy, ky);
  }

  /// Outputs ox … ox + kCount - 1 with a 5x5 window of stride 1. A column of the input is loaded once for all outputs
  /// whose windows it meets. Sums are added up in the order of `single`.
  template <int kCount>
  HWY_INLINE void five_wide(int oy, int ox) const {
    constexpr int kKernel = 5, kColumns = kCount + kKernel - 1;
    const TapRange ys(oy, 1, g.pad_top, kKernel, g.in_h);
    const auto side = static_cast<std::ptrdiff_t>(channels.count);
    const int left = ox - g.pad_left, begin = std::max(0, -left), end = std::min(kColumns, g.in_w - left);
    Vector sums[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) sums[i] = bias;
    for (int ky = ys.begin; ky < ys.end; ++ky) {
      const float* row = pixel(oy - g.pad_top + ky, left);
      Vector weights[kKernel];
#pragma GCC unroll 5
      for (int k = 0; k < kKernel; ++k) weights[k] = channels.load(weight(ky, k));
#pragma GCC unroll 12
      for (int column = 0; column < kColumns; ++column) {
        if (column < begin || column >= end) continue;
        const Vector v = channels.load(row + column * side);
#pragma GCC unroll 8
        for (int i = 0; i < kCount; ++i)
          if (column >= i && column < i + kKernel) sums[i] = hn::MulAdd(v, weights[column - i], sums[i]);
      }
    }
    float* to = out + static_cast<std::ptrdiff_t>(oy * g.out_w + ox) * side;
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) store(sums[i], to + i * side);
  }
  HWY_INLINE void five_wide(int oy) const {
    int ox = 0;
    for (; ox + 8 <= g.out_w; ox += 8) five_wide<8>(oy, ox);
    for (; ox + 4 <= g.out_w; ox += 4) five_wide<4>(oy, ox);
    for (; ox < g.out_w; ++ox) single(oy, ox);
  }

  HWY_INLINE void single(int oy, int ox) const {
    const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h), xs(ox, g.stride, g.pad_left, g.kernel, g.in_w);
    Vector sum = bias;
    for (int ky = ys.begin; ky < ys.end; ++ky) {
      const float* row = pixel(oy * g.stride - g.pad_top + ky, 0);
      for (int kx = xs.begin; kx < xs.end; ++kx)
        sum =
            hn::MulAdd(channels.load(row + static_cast<std::size_t>(ox * g.stride - g.pad_left + kx) * channels.count),
                       channels.load(weight(ky, kx)), sum);
    }
    store(sum, out + static_cast<std::size_t>(oy * g.out_w + ox) * channels.count);
  }
  /// Outputs ox … ox + 3, whose windows lie inside the image's columns: they share each load of a weight.
  HWY_INLINE void four(int oy, int ox) const {
    const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h);
    const std::size_t side = channels.count, step = static_cast<std::size_t>(g.stride) * side;
    Vector s0 = bias, s1 = bias, s2 = bias, s3 = bias;
    for (int ky = ys.begin; ky < ys.end; ++ky) {
      const float* from = pixel(oy * g.stride - g.pad_top + ky, ox * g.stride - g.pad_left);
      for (int kx = 0; kx < g.kernel; ++kx, from += side) {
        const Vector v = channels.load(weight(ky, kx));
        s0 = hn::MulAdd(channels.load(from), v, s0);
        s1 = hn::MulAdd(channels.load(from + step), v, s1);
        s2 = hn::MulAdd(channels.load(from + 2 * step), v, s2);
        s3 = hn::MulAdd(channels.load(from + 3 * step), v, s3);
      }
    }
    float* to = out + static_cast<std::size_t>(oy * g.out_w + ox) * side;
    store(s0, to);
    store(s1, to + side);
    store(s2, to + 2 * side);
    store(s3, to + 3 * side);
  }

  HWY_INLINE void run(int oy) const {
    const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h);
    if (g.kernel == 3 && ys.end - ys.begin == 3) return three_wide<3>(oy, ys.begin);
    if (g.kernel == 3 && ys.end - ys.begin == 2) return three_wide<2>(oy, ys.begin);
    if (g.kernel == 5 && g.stride == 1) return five_wide(oy);
    const InsideColumns inside(g, 0, g.kernel);
    int ox = 0;
    for (; ox < inside.begin; ++ox) single(oy, ox);
    for (; ox + 4 <= inside.end; ox += 4) four(oy, ox);
    for (; ox < g.out_w; ++ox) single(oy, ox);
  }
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
