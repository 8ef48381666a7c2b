// Floats as sums of two bfloat16: see conv/bf16x3.cpp. Compiled once for each instruction set.
#if defined(LINEAMENT_SPLIT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_SPLIT_INL
#undef LINEAMENT_SPLIT_INL
#else
#define LINEAMENT_SPLIT_INL
#endif

#include <cstdint>
#include <cstring>

#include "kernels/common/amx-inl.hpp"
#include "nn/bf16.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// The words of `count` floats, an even number, as sums of two bfloat16: the greater to `high`, the lesser to `low`.
inline HWY_ATTR void Split(const float* x, std::size_t count, std::uint32_t* high, std::uint32_t* low) {
  std::size_t i = 0;
#if LINEAMENT_AMX
  // The greater are rounded to nearest, half away from zero, by integers: they are needed as floats, too. NaN may
  // become 0 there, but then the lesser one is NaN.
  const __m512i half = _mm512_set1_epi32(0x8000), mask = _mm512_set1_epi32(static_cast<int>(0xFFFF0000u));
  const hn::ScalableTag<std::uint16_t> halves;
  const __m512i upper = hn::Add(hn::Add(hn::Iota(halves, 0), hn::Iota(halves, 0)), hn::Set(halves, 1)).raw;
  const auto rest = [&](__m512 value, __m512i near)
                        HWY_ATTR { return _mm512_sub_ps(value, _mm512_castsi512_ps(_mm512_and_si512(near, mask))); };
  for (; i + 32 <= count; i += 32) {
    const __m512 first = _mm512_loadu_ps(x + i), second = _mm512_loadu_ps(x + i + 16);
    const __m512i near_first = _mm512_add_epi32(_mm512_castps_si512(first), half),
                  near_second = _mm512_add_epi32(_mm512_castps_si512(second), half);
    __m512i lesser;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(lesser) : "v"(rest(first, near_first)), "v"(rest(second, near_second)));
    _mm512_storeu_si512(high + i / 2, _mm512_permutex2var_epi16(near_first, upper, near_second));
    _mm512_storeu_si512(low + i / 2, lesser);
  }
#endif
  for (; i < count; ++i) {
    const std::uint16_t near = to_bf16(x[i]), rest = to_bf16(x[i] - from_bf16(near));
    std::memcpy(reinterpret_cast<std::uint16_t*>(high) + i, &near, sizeof(near));
    std::memcpy(reinterpret_cast<std::uint16_t*>(low) + i, &rest, sizeof(rest));
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
