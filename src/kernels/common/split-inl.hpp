// Floats as sums of two bfloat16: see conv/bf16x3.cpp. Compiled once for each instruction set.
#if defined(LINEAMENT_SPLIT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_SPLIT_INL
#undef LINEAMENT_SPLIT_INL
#else
#define LINEAMENT_SPLIT_INL
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/common/amx-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

#if LINEAMENT_AMX
/// The words of `count` floats, an even number, as sums of two bfloat16: the greater to `high`, the lesser to `low`.
inline HWY_ATTR void Split(const float* x, std::size_t count, std::uint32_t* high, std::uint32_t* low) {
  // The greater are rounded to nearest, half away from zero, by integers: they are needed as floats, too. NaN may
  // become 0 there, but then the lesser one is NaN.
  const __m512i half = _mm512_set1_epi32(0x8000), mask = _mm512_set1_epi32(static_cast<int>(0xFFFF0000u));
  const hn::ScalableTag<std::uint16_t> halves;
  const __m512i upper = hn::Add(hn::Add(hn::Iota(halves, 0), hn::Iota(halves, 0)), hn::Set(halves, 1)).raw;
  const auto rest = [&](__m512 value, __m512i near)
                        HWY_ATTR { return _mm512_sub_ps(value, _mm512_castsi512_ps(_mm512_and_si512(near, mask))); };
  for (std::size_t i = 0; i < count; i += 32) {
    const auto lanes = [&](std::size_t from) HWY_ATTR {
      return static_cast<__mmask16>((1u << std::min<std::size_t>(count - std::min(count, from), 16)) - 1);
    };
    const __m512 first = _mm512_maskz_loadu_ps(lanes(i), x + i),
                 second = _mm512_maskz_loadu_ps(lanes(i + 16), x + i + 16);
    const __m512i near_first = _mm512_add_epi32(_mm512_castps_si512(first), half),
                  near_second = _mm512_add_epi32(_mm512_castps_si512(second), half);
    __m512i lesser;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(lesser) : "v"(rest(first, near_first)), "v"(rest(second, near_second)));
    const __m512i greater = _mm512_permutex2var_epi16(near_first, upper, near_second);
    const auto words = static_cast<__mmask16>((1u << std::min<std::size_t>((count - i) / 2, 16)) - 1);
    _mm512_mask_storeu_epi32(high + i / 2, words, greater);
    _mm512_mask_storeu_epi32(low + i / 2, words, lesser);
  }
}
#else
inline void Split(const float*, std::size_t, std::uint32_t*, std::uint32_t*) {}
#endif

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
