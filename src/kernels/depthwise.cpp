// Depthwise convolution: every channel has a window of its own; vectors run over channels.
#include <algorithm>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/kernels/conv.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

// Plain loops over channels, which the compiler turns into vectors of this target.

HWY_ATTR inline void AddProduct(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* HWY_RESTRICT sum, int n) {
  for (int i = 0; i < n; ++i) sum[i] += a[i] * b[i];
}

/// Calls f(tap, input pixel) for every position of the window of output pixel (oy, ox) that lies inside the picture.
template <class F>
HWY_ATTR HWY_INLINE void EachTap(const ConvGeometry& g, int oy, int ox, F&& f) {
  for (int ky = 0; ky < g.kernel; ++ky) {
    const int iy = oy * g.stride + ky - g.pad_top;
    if (iy < 0 || iy >= g.in_h) continue;
    for (int kx = 0; kx < g.kernel; ++kx) {
      const int ix = ox * g.stride + kx - g.pad_left;
      if (ix >= 0 && ix < g.in_w) f(ky * g.kernel + kx, static_cast<std::ptrdiff_t>(iy) * g.in_w + ix);
    }
  }
}

HWY_ATTR void DepthwiseForward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                               Threads& threads) {
  const int channels = g.in_c;
  threads.run(g.batch * g.out_h, [&](int task, int) HWY_ATTR {
    const int image = task / g.out_h, oy = task % g.out_h;
    const float* in = x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * channels;
    float* out = y + static_cast<std::ptrdiff_t>(task) * g.out_w * channels;
    for (int ox = 0; ox < g.out_w; ++ox, out += channels) {
      if (bias != nullptr) std::memcpy(out, bias, sizeof(float) * static_cast<std::size_t>(channels));
      else std::memset(out, 0, sizeof(float) * static_cast<std::size_t>(channels));
      EachTap(g, oy, ox, [&](int tap, std::ptrdiff_t pixel) HWY_ATTR { AddProduct(in + pixel * channels, w + static_cast<std::ptrdiff_t>(tap) * channels, out, channels); });
      if (relu)
        for (int c = 0; c < channels; ++c) out[c] = out[c] > 0 ? out[c] : 0.0f;
    }
  });
}

HWY_ATTR void DepthwiseBackward(const ConvGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                                float* dbias, float* scratch, Threads& threads) {
  const int channels = g.in_c;
  const std::size_t size = static_cast<std::size_t>((g.kernel * g.kernel + 1) * channels);  // weights, then biases
  // One image a task: it alone writes that image's dx, and its sums are added up in order below.
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    float* sums = scratch + static_cast<std::size_t>(image) * size;
    std::memset(sums, 0, sizeof(float) * size);
    const std::ptrdiff_t in_size = static_cast<std::ptrdiff_t>(g.in_h) * g.in_w * channels;
    const float* in = x + image * in_size;
    float* to = dx == nullptr ? nullptr : dx + image * in_size;
    if (to != nullptr) std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(in_size));
    const float* gradient = dy + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * channels;
    for (int oy = 0; oy < g.out_h; ++oy)
      for (int ox = 0; ox < g.out_w; ++ox, gradient += channels) {
        EachTap(g, oy, ox, [&](int tap, std::ptrdiff_t pixel) HWY_ATTR {
          AddProduct(in + pixel * channels, gradient, sums + static_cast<std::ptrdiff_t>(tap) * channels, channels);
          if (to != nullptr) AddProduct(gradient, w + static_cast<std::ptrdiff_t>(tap) * channels, to + pixel * channels, channels);
        });
        float* bias_sum = sums + static_cast<std::ptrdiff_t>(g.kernel * g.kernel) * channels;
        for (int c = 0; c < channels; ++c) bias_sum[c] += gradient[c];
      }
  });
  const std::size_t weights = size - static_cast<std::size_t>(channels);
  for (int image = 0; image < g.batch; ++image) {
    const float* sums = scratch + static_cast<std::size_t>(image) * size;
    for (std::size_t i = 0; i < weights; ++i) dw[i] += sums[i];
    if (dbias != nullptr)
      for (int c = 0; c < channels; ++c) dbias[c] += sums[weights + static_cast<std::size_t>(c)];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseForward);
HWY_EXPORT(DepthwiseBackward);

std::size_t depthwise_scratch(const ConvGeometry& g, bool train) {
  return train ? static_cast<std::size_t>(g.batch) * static_cast<std::size_t>((g.kernel * g.kernel + 1) * g.in_c) : 0;
}
void depthwise_forward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                       Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(g, x, w, bias, relu, y, threads);
}
void depthwise_backward(const ConvGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                        float* dbias, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseBackward)(g, x, w, dy, dx, dw, dbias, scratch, threads);
}
}  // namespace lineament
#endif
