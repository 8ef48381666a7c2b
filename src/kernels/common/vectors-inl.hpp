// Vectors of floats, whole ones and the last of a row of values. Compiled once for each instruction set: no include
// guard in the usual sense.
#if defined(LINEAMENT_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_VECTORS_INL
#undef LINEAMENT_VECTORS_INL
#else
#define LINEAMENT_VECTORS_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// What a ReLU cuts off at, where there is none.
constexpr float kNothingCut = -std::numeric_limits<float>::infinity();
HWY_INLINE Vector CutAt(bool relu) {
  return relu ? hn::Zero(Floats()) : hn::Set(Floats(), kNothingCut);
}

/// The larger or the smaller one, or NaN if the value is: nobody shall take a network that has gone wrong for one that
/// works.
HWY_INLINE Vector AtLeast(Vector least, Vector value) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Max(least, value);  // MAXPS gives its second operand where one of them is NaN
#else
  return hn::IfThenElse(hn::Lt(value, least), least, value);
#endif
}
HWY_INLINE Vector AtMost(Vector most, Vector value) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Min(most, value);
#else
  return hn::IfThenElse(hn::Gt(value, most), most, value);
#endif
}

/// The first `count` values and zeros; reads nothing after them. Highway's MaskedLoad promises that only where the
/// processor has such an instruction: elsewhere it loads the whole vector, and from an aligned place.
HWY_INLINE Vector LoadFirst(const float* from, std::size_t count, hn::Mask<Floats> mask) {
  const Floats d;
#if HWY_MAX_BYTES > 16
  (void)count;
  return hn::MaskedLoad(mask, d, from);
#else
  (void)mask;
  HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)] = {};
  for (std::size_t i = 0; i < count; ++i) values[i] = from[i];
  return hn::Load(d, values);
#endif
}

/// Stores the first `count` values; the places after them are neither read nor written. Without an instruction for it,
/// Highway's BlendedStore writes back what it has read there, over what another thread has written meanwhile.
HWY_INLINE void StoreFirst(Vector v, std::size_t count, hn::Mask<Floats> mask, float* to) {
  const Floats d;
#if HWY_MAX_BYTES > 16
  (void)count;
  hn::BlendedStore(v, mask, d, to);
#else
  (void)mask;
  HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, values);
  for (std::size_t i = 0; i < count; ++i) to[i] = values[i];
#endif
}

/// A vector, or its first `count` values: what lies after them is neither read nor written.
HWY_INLINE Vector Read(const float* from, std::size_t count) {
  const Floats d;
  return count == hn::Lanes(d) ? hn::LoadU(d, from) : LoadFirst(from, count, hn::FirstN(d, count));
}
HWY_INLINE void Write(Vector v, float* to, std::size_t count) {
  const Floats d;
  if (count == hn::Lanes(d))
    hn::StoreU(v, d, to);
  else
    StoreFirst(v, count, hn::FirstN(d, count), to);
}

/// Calls f(first, lanes wanted) for each vector of `count` values.
template <class F>
HWY_INLINE void EachVectorOf(std::size_t count, F&& f) {
  const std::size_t lanes = hn::Lanes(Floats());
  for (std::size_t c = 0; c < count; c += lanes) f(c, std::min(lanes, count - c));
}

/// Prefetches what will be read soon: a few pixels at a time are too short a run for the processor to see where it
/// goes.
HWY_INLINE void Expect(const float* from) {
  constexpr std::size_t kAhead = 2048;  // floats: 8 KB; found on a Zen 5
  hwy::Prefetch(from + kAhead);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
