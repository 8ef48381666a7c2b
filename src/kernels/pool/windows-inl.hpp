// Windows that pools move over NHWC: vectors run over channels. Compiled once for each instruction set.
#if defined(LINEAMENT_WINDOWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINDOWS_INL
#undef LINEAMENT_WINDOWS_INL
#else
#define LINEAMENT_WINDOWS_INL
#endif

#include <cstring>

#include "kernels/common/vectors-inl.hpp"
#include "lineament/nn/geometry.hpp"
#include "lineament/threads.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Calls f(first value of the window, where its output lies) for each window; a row of them is a task.
template <class F>
HWY_ATTR void EachWindow(const PoolGeometry& g, const float* x, Threads& threads, const F& f) {
  threads.run(g.batch * g.out_h, [&](int task, int) HWY_ATTR {
    const int image = task / g.out_h, oy = task % g.out_h;
    const float* window = x + (static_cast<std::ptrdiff_t>(image) * g.in_h + oy * g.stride) * g.in_w * g.channels;
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(task) * g.out_w * g.channels;
    for (int ox = 0; ox < g.out_w; ++ox, window += g.stride * g.channels, at += g.channels) f(window, at);
  });
}

/// dx from share(number of an output, tap of its window, the gradient with respect to it): an image a task.
template <class F>
HWY_ATTR void ShareOut(const PoolGeometry& g, const float* dy, float* dx, Threads& threads, const F& share) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels, size = g.in_h * row;
  // Windows side by side write every value they cover; anything else starts from zero.
  const bool covered = g.stride == g.kernel && g.out_h * g.stride == g.in_h && g.out_w * g.stride == g.in_w;
  threads.run(g.batch, [&](int image, int) HWY_ATTR {
    float* to = dx + image * size;
    std::ptrdiff_t at = static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.channels;
    if (!covered) std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(size));
    for (int oy = 0; oy < g.out_h; ++oy)
      for (int ox = 0; ox < g.out_w; ++ox, at += g.channels) {
        float* window = to + oy * g.stride * row + static_cast<std::ptrdiff_t>(ox) * g.stride * g.channels;
        const float* HWY_RESTRICT from = dy + at;
        for (int tap = 0; tap < g.kernel * g.kernel; ++tap) {
          float* HWY_RESTRICT seen = window + tap / g.kernel * row + tap % g.kernel * g.channels;
          if (covered) {
            for (int c = 0; c < g.channels; ++c) seen[c] = share(at + c, tap, from[c]);
          } else {
            for (int c = 0; c < g.channels; ++c) seen[c] += share(at + c, tap, from[c]);
          }
        }
      }
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
