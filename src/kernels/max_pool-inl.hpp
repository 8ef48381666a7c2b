// The 2x2 max-pool at the end of a convolution's strip. Compiled once for each instruction set.
#if defined(LINEAMENT_MAX_POOL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_MAX_POOL_INL
#undef LINEAMENT_MAX_POOL_INL
#else
#define LINEAMENT_MAX_POOL_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `rows` x `width` pixels, both even or with the last left out.
inline HWY_ATTR void PoolStrip(const float* x, int rows, int width, int channels, float* y) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto count = static_cast<std::size_t>(channels);
  for (int r = 0; r + 1 < rows; r += 2)
    for (int w = 0; w + 1 < width; w += 2, y += channels) {
      const float* top = x + (static_cast<std::ptrdiff_t>(r) * width + w) * channels;
      const float* bottom = top + static_cast<std::ptrdiff_t>(width) * channels;
      std::size_t c = 0;
      for (; c + lanes <= count; c += lanes) {
        const auto upper = hn::Max(hn::LoadU(d, top + c), hn::LoadU(d, top + count + c));
        const auto lower = hn::Max(hn::LoadU(d, bottom + c), hn::LoadU(d, bottom + count + c));
        hn::StoreU(hn::Max(upper, lower), d, y + c);
      }
      for (; c < count; ++c) y[c] = std::max(std::max(top[c], top[count + c]), std::max(bottom[c], bottom[count + c]));
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#endif
