// Pooling over NHWC: vectors run over channels, a row of output pixels is a task.
#include "kernels/pool.hpp"

#include <cstddef>
#include <cstring>

#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The first row of the window of output row `task` (counted over the batch), in the input.
HWY_ATTR inline const float* WindowRow(const PoolGeometry& g, const float* x, int task) {
  const int image = task / g.out_h, oy = task % g.out_h;
  return x + (static_cast<std::ptrdiff_t>(image) * g.in_h + oy * g.stride) * g.in_w * g.channels;
}

/// Maximum of one window, and with `mask` its position, the first one of equals.
template <bool kMask>
HWY_ATTR HWY_INLINE void MaxWindow(const PoolGeometry& g, const float* window, float* y, std::uint8_t* mask) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels;
  int c = 0;
  for (; c + lanes <= g.channels; c += lanes) {
    auto best = hn::LoadU(d, window + c);
    auto position = hn::Zero(di);
    for (int ky = 0, tap = 0; ky < g.kernel; ++ky)
      for (int kx = 0; kx < g.kernel; ++kx, ++tap) {
        const auto seen = hn::LoadU(d, window + ky * row + kx * g.channels + c);
        if (kMask) position = hn::IfThenElse(hn::RebindMask(di, hn::Gt(seen, best)), hn::Set(di, tap), position);
        best = hn::Max(seen, best);
      }
    hn::StoreU(best, d, y + c);
    if (kMask) hn::StoreU(hn::DemoteTo(d8, position), d8, mask + c);
  }
  for (; c < g.channels; ++c) {
    float best = window[c];
    std::uint8_t position = 0;
    for (int tap = 1; tap < g.kernel * g.kernel; ++tap) {
      const float seen = window[tap / g.kernel * row + tap % g.kernel * g.channels + c];
      if (seen > best) {
        best = seen;
        position = static_cast<std::uint8_t>(tap);
      }
    }
    y[c] = best;
    if (kMask) mask[c] = position;
  }
}

HWY_ATTR void MaxPoolForward(const PoolGeometry& g, const float* x, float* y, std::uint8_t* mask, Threads& threads) {
  threads.run(g.batch * g.out_h, [&](int task, int) HWY_ATTR {
    const float* window = WindowRow(g, x, task);
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(task) * g.out_w * g.channels;
    for (int ox = 0; ox < g.out_w; ++ox, window += g.stride * g.channels, at += g.channels) {
      if (mask != nullptr)
        MaxWindow<true>(g, window, y + at, mask + at);
      else
        MaxWindow<false>(g, window, y + at, nullptr);
    }
  });
}

HWY_ATTR void MaxPoolBackward(const PoolGeometry& g, const std::uint8_t* mask, const float* dy, float* dx,
                              Threads& threads) {
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels, size = g.in_h * row;
    float* to = dx + image * size;
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.channels;
    const bool overlapping = g.stride < g.kernel;
    // Windows side by side write every value they cover; anything else starts from zero.
    const bool covered =
        !overlapping && g.stride == g.kernel && g.out_h * g.stride == g.in_h && g.out_w * g.stride == g.in_w;
    if (!covered) std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(size));
    for (int oy = 0; oy < g.out_h; ++oy)
      for (int ox = 0; ox < g.out_w; ++ox, at += g.channels) {
        float* window = to + oy * g.stride * row + static_cast<std::ptrdiff_t>(ox) * g.stride * g.channels;
        const std::uint8_t* HWY_RESTRICT held = mask + at;
        const float* HWY_RESTRICT from = dy + at;
        for (int tap = 0; tap < g.kernel * g.kernel; ++tap) {
          float* HWY_RESTRICT seen = window + tap / g.kernel * row + tap % g.kernel * g.channels;
          const auto position = static_cast<std::uint8_t>(tap);
          if (covered) {
            for (int c = 0; c < g.channels; ++c) seen[c] = held[c] == position ? from[c] : 0.0f;
          } else {
            for (int c = 0; c < g.channels; ++c) seen[c] += held[c] == position ? from[c] : 0.0f;
          }
        }
      }
  });
}

HWY_ATTR void AvgPoolForward(const PoolGeometry& g, const float* x, float* y, Threads& threads) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels;
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  threads.run(g.batch * g.out_h, [&](int task, int) HWY_ATTR {
    const float* window = WindowRow(g, x, task);
    float* HWY_RESTRICT to = y + static_cast<std::ptrdiff_t>(task) * g.out_w * g.channels;
    for (int ox = 0; ox < g.out_w; ++ox, window += g.stride * g.channels, to += g.channels) {
      std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(g.channels));
      for (int tap = 0; tap < g.kernel * g.kernel; ++tap) {
        const float* HWY_RESTRICT seen = window + tap / g.kernel * row + tap % g.kernel * g.channels;
        for (int c = 0; c < g.channels; ++c) to[c] += seen[c];
      }
      for (int c = 0; c < g.channels; ++c) to[c] *= share;
    }
  });
}

HWY_ATTR void AvgPoolBackward(const PoolGeometry& g, const float* dy, float* dx, Threads& threads) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels, size = g.in_h * row;
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    float* to = dx + image * size;
    const float* HWY_RESTRICT from = dy + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.channels;
    std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(size));
    for (int oy = 0; oy < g.out_h; ++oy)
      for (int ox = 0; ox < g.out_w; ++ox, from += g.channels)
        for (int tap = 0; tap < g.kernel * g.kernel; ++tap) {
          float* HWY_RESTRICT seen = to + (oy * g.stride + tap / g.kernel) * row +
                                     static_cast<std::ptrdiff_t>(ox * g.stride + tap % g.kernel) * g.channels;
          for (int c = 0; c < g.channels; ++c) seen[c] += from[c] * share;
        }
  });
}

HWY_ATTR void GlobalAvgPoolForward(int batch, int pixels, int channels, const float* x, float* y, Threads& threads) {
  threads.run(batch, [&](int image, int) HWY_ATTR {
    const float* HWY_RESTRICT from = x + static_cast<std::ptrdiff_t>(image) * pixels * channels;
    float* HWY_RESTRICT to = y + static_cast<std::ptrdiff_t>(image) * channels;
    std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(channels));
    for (int p = 0; p < pixels; ++p, from += channels)
      for (int c = 0; c < channels; ++c) to[c] += from[c];
    for (int c = 0; c < channels; ++c) to[c] /= static_cast<float>(pixels);
  });
}

HWY_ATTR void GlobalAvgPoolBackward(int batch, int pixels, int channels, const float* dy, float* dx, Threads& threads) {
  const float share = 1.0f / static_cast<float>(pixels);
  threads.run(batch, [&](int image, int) HWY_ATTR {
    const float* HWY_RESTRICT from = dy + static_cast<std::ptrdiff_t>(image) * channels;
    float* HWY_RESTRICT to = dx + static_cast<std::ptrdiff_t>(image) * pixels * channels;
    for (int p = 0; p < pixels; ++p, to += channels)
      for (int c = 0; c < channels; ++c) to[c] = from[c] * share;
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(MaxPoolForward);
HWY_EXPORT(MaxPoolBackward);
HWY_EXPORT(AvgPoolForward);
HWY_EXPORT(AvgPoolBackward);
HWY_EXPORT(GlobalAvgPoolForward);
HWY_EXPORT(GlobalAvgPoolBackward);

void max_pool_forward(const PoolGeometry& g, const float* x, float* y, std::uint8_t* mask, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(MaxPoolForward)(g, x, y, mask, threads);
}
void max_pool_backward(const PoolGeometry& g, const std::uint8_t* mask, const float* dy, float* dx, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(MaxPoolBackward)(g, mask, dy, dx, threads);
}
void avg_pool_forward(const PoolGeometry& g, const float* x, float* y, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(AvgPoolForward)(g, x, y, threads);
}
void avg_pool_backward(const PoolGeometry& g, const float* dy, float* dx, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(AvgPoolBackward)(g, dy, dx, threads);
}
void global_avg_pool_forward(int batch, int pixels, int channels, const float* x, float* y, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(GlobalAvgPoolForward)(batch, pixels, channels, x, y, threads);
}
void global_avg_pool_backward(int batch, int pixels, int channels, const float* dy, float* dx, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(GlobalAvgPoolBackward)(batch, pixels, channels, dy, dx, threads);
}
}  // namespace lineament
#endif
