// One pass over memory, cut into fixed blocks for the threads, and functions that it applies. Compiled once for each
// instruction set.
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

/// exp(x), relative error below 3e-7: 2^n by the exponent bits, the rest by a polynomial (Cephes' expf).
HWY_ATTR HWY_INLINE Vector Exp(Vector x) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = hn::Min(hn::Max(x, hn::Set(d, -87.0f)), hn::Set(d, 88.0f));
  const Vector n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  Vector r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  Vector p = hn::Set(d, 1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = hn::MulAdd(p, r, hn::Set(d, c));
  p = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
  const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, power));
}
HWY_ATTR HWY_INLINE Vector SigmoidOf(Vector x) {
  const Floats d;
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), Exp(hn::Neg(x))));
}
HWY_ATTR HWY_INLINE Vector ClampedShare(Vector x) {  // clamp(x + 3, 0, 6) / 6
  const Floats d;
  return hn::Mul(hn::Min(hn::Max(hn::Add(x, hn::Set(d, 3.0f)), hn::Zero(d)), hn::Set(d, 6.0f)), hn::Set(d, 1.0f / 6));
}

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
