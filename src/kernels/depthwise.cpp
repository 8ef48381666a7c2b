// Depthwise convolution: every channel has a window of its own; vectors run over channels. Sums stay in registers: four
// outputs side by side share each load of a weight.
#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/conv.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Positions of the window in one direction that lie inside the picture.
struct TapRange {
  int begin, end;
  HWY_INLINE TapRange(int out, int stride, int pad, int kernel, int in) {
    const int first = out * stride - pad;
    begin = std::max(0, -first);
    end = std::min(kernel, in - first);
  }
};

/// One row of outputs, for the channels of one vector.
struct Row {
  const ConvGeometry& g;
  const float* in;  ///< the picture, from its first channel of this vector on
  const float* w;
  Vector start;  ///< the bias
  bool relu;
  std::size_t lanes, channels;
  int oy;
  float* out;
  TapRange ys;
  int out_end = g.out_w, last_inside = std::min(g.out_w - 1, (g.in_w - g.kernel + g.pad_left) / g.stride);  ///< columns

  HWY_INLINE Vector load(const float* from) const {
    const Floats d;
    return lanes == hn::Lanes(d) ? hn::LoadU(d, from) : LoadFirst(from, lanes, hn::FirstN(d, lanes));
  }
  HWY_INLINE void store(Vector v, int ox) const {
    const Floats d;
    if (relu) v = hn::Max(v, hn::Zero(d));
    float* to = out + static_cast<std::size_t>(ox) * channels;
    if (lanes == hn::Lanes(d))
      hn::StoreU(v, d, to);
    else
      hn::BlendedStore(v, hn::FirstN(d, lanes), d, to);
  }
  HWY_INLINE const float* pixel(int ky, int x) const {
    return in + (static_cast<std::ptrdiff_t>(oy * g.stride - g.pad_top + ky) * g.in_w + x) *
                    static_cast<std::ptrdiff_t>(channels);
  }
  HWY_INLINE void single(int ox) const {
    const TapRange xs(ox, g.stride, g.pad_left, g.kernel, g.in_w);
    Vector sum = start;
    for (int ky = ys.begin; ky < ys.end; ++ky)
      for (int kx = xs.begin; kx < xs.end; ++kx)
        sum = hn::MulAdd(load(pixel(ky, ox * g.stride - g.pad_left + kx)),
                         load(w + static_cast<std::size_t>(ky * g.kernel + kx) * channels), sum);
    store(sum, ox);
  }
  /// Outputs ox … ox + 3, whose windows lie inside the picture's columns.
  HWY_INLINE void four(int ox) const {
    const std::size_t step = static_cast<std::size_t>(g.stride) * channels;
    Vector s0 = start, s1 = start, s2 = start, s3 = start;
    for (int ky = ys.begin; ky < ys.end; ++ky) {
      const float* from = pixel(ky, ox * g.stride - g.pad_left);
      const float* weight = w + static_cast<std::size_t>(ky * g.kernel) * channels;
      for (int kx = 0; kx < g.kernel; ++kx, from += channels, weight += channels) {
        const Vector v = load(weight);
        s0 = hn::MulAdd(load(from), v, s0);
        s1 = hn::MulAdd(load(from + step), v, s1);
        s2 = hn::MulAdd(load(from + 2 * step), v, s2);
        s3 = hn::MulAdd(load(from + 3 * step), v, s3);
      }
    }
    store(s0, ox);
    store(s1, ox + 1);
    store(s2, ox + 2);
    store(s3, ox + 3);
  }
  HWY_INLINE bool inside(int ox) const {
    return ox * g.stride >= g.pad_left && ox * g.stride - g.pad_left + g.kernel <= g.in_w;
  }

  /// The usual window, 3x3, for whole vectors: the weights of its kRows rows inside the picture stay in registers.
  template <int kRows>
  HWY_INLINE void three_wide() const {
    const Floats d;
    Vector weight[kRows][3];
    const float* from[kRows];
    int ox = 0;
    while (ox < out_end && !inside(ox)) single(ox++);
    for (int r = 0; r < kRows; ++r) {
      from[r] = pixel(ys.begin + r, ox * g.stride - g.pad_left);
      for (int k = 0; k < 3; ++k)
        weight[r][k] = hn::LoadU(d, w + static_cast<std::size_t>((ys.begin + r) * 3 + k) * channels);
    }
    const std::size_t side = channels, step = static_cast<std::size_t>(g.stride) * channels;
    const Vector least = relu ? hn::Zero(d) : hn::Set(d, -hwy::HighestValue<float>()), bias = start;
    float* to = out + static_cast<std::size_t>(ox) * channels;
    const int end = last_inside + 1;
    for (; ox < end; ++ox, to += side) {
      Vector sum = bias, sum2 = hn::Zero(d);
#pragma GCC unroll 3
      for (int r = 0; r < kRows; ++r) {
        sum = hn::MulAdd(hn::LoadU(d, from[r]), weight[r][0], sum);
        sum2 = hn::MulAdd(hn::LoadU(d, from[r] + side), weight[r][1], sum2);
        sum = hn::MulAdd(hn::LoadU(d, from[r] + 2 * side), weight[r][2], sum);
        from[r] += step;
      }
      hn::StoreU(hn::Max(hn::Add(sum, sum2), least), d, to);
    }
    for (; ox < out_end; ++ox) single(ox);
  }

  HWY_INLINE void run() const {
    if (g.kernel == 3 && lanes == hn::Lanes(Floats())) {
      if (ys.end - ys.begin == 3) return three_wide<3>();
      if (ys.end - ys.begin == 2) return three_wide<2>();
    }
    int ox = 0;
    while (ox < g.out_w)
      if (ox + 4 <= g.out_w && inside(ox) && inside(ox + 3)) {
        four(ox);
        ox += 4;
      } else {
        single(ox++);
      }
  }
};

HWY_ATTR void DepthwiseForward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu,
                               float* y, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.in_c);
  const std::size_t full = hn::Lanes(Floats());
  threads.run(g.batch * g.out_h, [&](int task, int) HWY_ATTR {
    const int image = task / g.out_h, oy = task % g.out_h;
    const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h);
    for (std::size_t c = 0; c < channels; c += full) {
      Row row{g,
              x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c + c,
              w + c,
              hn::Zero(Floats()),
              relu,
              std::min(full, channels - c),
              channels,
              oy,
              y + static_cast<std::ptrdiff_t>(task) * g.out_w * g.in_c + c,
              ys};
      if (bias != nullptr) row.start = row.load(bias + c);
      row.run();
    }
  });
}

/// For a stride of 1 the forward pass over dy with the window turned round; otherwise every output is spread over the
/// pixels it came from. One picture a task.
HWY_ATTR void SpreadGradient(const ConvGeometry& g, const float* w, const float* dy, float* dx, Threads& threads) {
  const int channels = g.in_c;
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    const std::ptrdiff_t in_size = static_cast<std::ptrdiff_t>(g.in_h) * g.in_w * channels;
    float* to = dx + image * in_size;
    std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(in_size));
    const float* gradient = dy + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * channels;
    for (int oy = 0; oy < g.out_h; ++oy)
      for (int ox = 0; ox < g.out_w; ++ox, gradient += channels) {
        const TapRange ys(oy, g.stride, g.pad_top, g.kernel, g.in_h), xs(ox, g.stride, g.pad_left, g.kernel, g.in_w);
        for (int ky = ys.begin; ky < ys.end; ++ky)
          for (int kx = xs.begin; kx < xs.end; ++kx) {
            float* HWY_RESTRICT pixel = to + (static_cast<std::ptrdiff_t>(oy * g.stride - g.pad_top + ky) * g.in_w +
                                              ox * g.stride - g.pad_left + kx) *
                                                 channels;
            const float* HWY_RESTRICT weight = w + static_cast<std::ptrdiff_t>(ky * g.kernel + kx) * channels;
            for (int c = 0; c < channels; ++c) pixel[c] += gradient[c] * weight[c];
          }
      }
  });
}

/// Sums for the weights of one row of the window (up to `kTaps` of them) and, with the first row, for the bias; one
/// picture and vector of channels at a time.
template <int kTaps>
HWY_INLINE void SumRowOfTaps(const ConvGeometry& g, const float* in, const float* dy, int ky, int first_kx,
                             std::size_t channels, std::size_t lanes, float* sums, float* bias_sums) {
  const Floats d;
  const auto load = [&](const float* from) HWY_ATTR {
    return lanes == hn::Lanes(d) ? hn::LoadU(d, from) : LoadFirst(from, lanes, hn::FirstN(d, lanes));
  };
  const auto store = [&](Vector v, float* to) HWY_ATTR {
    if (lanes == hn::Lanes(d))
      hn::StoreU(v, d, to);
    else
      hn::BlendedStore(v, hn::FirstN(d, lanes), d, to);
  };
  Vector sum[kTaps], bias = hn::Zero(d);
  for (int k = 0; k < kTaps; ++k) sum[k] = hn::Zero(d);
  for (int oy = 0; oy < g.out_h; ++oy) {
    const int iy = oy * g.stride - g.pad_top + ky;
    const bool row_inside = iy >= 0 && iy < g.in_h;
    if (!row_inside && bias_sums == nullptr) continue;
    const float* gradient = dy + static_cast<std::size_t>(oy * g.out_w) * channels;
    for (int ox = 0; ox < g.out_w; ++ox, gradient += channels) {
      const Vector v = load(gradient);
      bias = hn::Add(bias, v);
      if (!row_inside) continue;
      for (int k = 0; k < kTaps; ++k) {
        const int ix = ox * g.stride - g.pad_left + first_kx + k;
        if (ix >= 0 && ix < g.in_w)
          sum[k] = hn::MulAdd(load(in + static_cast<std::size_t>(iy * g.in_w + ix) * channels), v, sum[k]);
      }
    }
  }
  for (int k = 0; k < kTaps; ++k)
    store(sum[k], sums + static_cast<std::size_t>(ky * g.kernel + first_kx + k) * channels);
  if (bias_sums != nullptr) store(bias, bias_sums);
}

HWY_ATTR void DepthwiseWeightGradient(const ConvGeometry& g, const float* x, const float* dy, float* dw, float* dbias,
                                      float* scratch, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.in_c);
  const std::size_t weights = static_cast<std::size_t>(g.kernel * g.kernel) * channels, size = weights + channels;
  const std::size_t full = hn::Lanes(Floats());
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    float* sums = scratch + static_cast<std::size_t>(image) * size;
    const float* in = x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
    const float* gradient = dy + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.in_c;
    for (std::size_t c = 0; c < channels; c += full) {
      const std::size_t lanes = std::min(full, channels - c);
      for (int ky = 0; ky < g.kernel; ++ky) {
        float* bias_sums = ky == 0 ? sums + weights + c : nullptr;
        int kx = 0;
        for (; kx + 3 <= g.kernel; kx += 3) {
          SumRowOfTaps<3>(g, in + c, gradient + c, ky, kx, channels, lanes, sums + c, bias_sums);
          bias_sums = nullptr;
        }
        for (; kx < g.kernel; ++kx) {
          SumRowOfTaps<1>(g, in + c, gradient + c, ky, kx, channels, lanes, sums + c, bias_sums);
          bias_sums = nullptr;
        }
      }
    }
  });
  for (int image = 0; image < g.batch; ++image) {
    const float* sums = scratch + static_cast<std::size_t>(image) * size;
    for (std::size_t i = 0; i < weights; ++i) dw[i] += sums[i];
    if (dbias != nullptr)
      for (std::size_t c = 0; c < channels; ++c) dbias[c] += sums[weights + c];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseForward);
HWY_EXPORT(SpreadGradient);
HWY_EXPORT(DepthwiseWeightGradient);

std::size_t depthwise_scratch(const ConvGeometry& g, bool train) {
  return train ? static_cast<std::size_t>(g.batch) * static_cast<std::size_t>((g.kernel * g.kernel + 1) * g.in_c) : 0;
}

void depthwise_forward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                       Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(g, x, w, bias, relu, y, threads);
}

void depthwise_backward(const ConvGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                        float* dbias, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseWeightGradient)(g, x, dy, dw, dbias, scratch, threads);
  if (dx == nullptr) return;
  if (g.stride > 1) {
    HWY_DYNAMIC_DISPATCH(SpreadGradient)(g, w, dy, dx, threads);
    return;
  }
  ConvGeometry turned = g;
  std::swap(turned.in_h, turned.out_h);
  std::swap(turned.in_w, turned.out_w);
  turned.pad_top = g.kernel - 1 - g.pad_top;
  turned.pad_left = g.kernel - 1 - g.pad_left;
  const int taps =
      g.kernel * g.kernel;  // the sums of the weights' gradient are done with: their place holds the turned window
  for (int tap = 0; tap < taps; ++tap)
    std::copy_n(w + static_cast<std::ptrdiff_t>(taps - 1 - tap) * g.in_c, g.in_c,
                scratch + static_cast<std::ptrdiff_t>(tap) * g.in_c);
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(turned, dy, scratch, nullptr, false, dx, threads);
}

}  // namespace lineament
#endif
