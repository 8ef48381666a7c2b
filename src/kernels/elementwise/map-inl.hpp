// One pass over memory, cut into fixed blocks for the threads. Compiled once for each instruction set.
#if defined(LINEAMENT_MAP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_MAP_INL
#undef LINEAMENT_MAP_INL
#else
#define LINEAMENT_MAP_INL
#endif

#include <cstring>

#include "kernels/common/budgets.hpp"
#include "kernels/common/vectors-inl.hpp"
#include "lineament/threads.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// y = f(a, b) over a block; the last, incomplete vector goes through a buffer.
template <class F>
HWY_ATTR HWY_INLINE void Map(const float* a, const float* b, float* y, std::size_t size, F&& f) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i == size) return;
  HWY_ALIGN float last_a[HWY_MAX_BYTES / 4] = {}, last_b[HWY_MAX_BYTES / 4] = {};
  const std::size_t bytes = sizeof(float) * (size - i);
  std::memcpy(last_a, a + i, bytes);
  std::memcpy(last_b, b + i, bytes);
  hn::Store(f(hn::Load(d, last_a), hn::Load(d, last_b)), d, last_a);
  std::memcpy(y + i, last_a, bytes);
}

/// The same for all blocks of a large array.
template <class F>
HWY_ATTR HWY_INLINE void MapAll(const float* a, const float* b, float* y, std::size_t size, Threads& threads,
                                const F& f) {
  threads.run(static_cast<int>((size + kPassValues - 1) / kPassValues), [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kPassValues;
    Map(a + begin, b + begin, y + begin, std::min(kPassValues, size - begin), f);
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
