// Floats as bytes in a ByteScale. Compiled once for each instruction set: no include guard in the usual sense.
#if defined(LINEAMENT_BYTES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_BYTES_INL
#undef LINEAMENT_BYTES_INL
#else
#define LINEAMENT_BYTES_INL
#endif

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernels/common/vectors-inl.hpp"
#include "lineament/nn/range.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// At most kMost bytes, fewer than 32: memcpy() of a size that is not known before is a call.
template <std::size_t kMost>
HWY_INLINE void CopyFew(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  [[maybe_unused]] std::size_t done = 0;
  const auto copy = [&]<std::size_t kSize>(std::integral_constant<std::size_t, kSize>) {
    if constexpr (kSize <= kMost) {
      if ((count & kSize) == 0) return;
      std::memcpy(to + done, from + done, kSize);
      done += kSize;
    }
  };
  copy(std::integral_constant<std::size_t, 16>());
  copy(std::integral_constant<std::size_t, 8>());
  copy(std::integral_constant<std::size_t, 4>());
  copy(std::integral_constant<std::size_t, 2>());
  copy(std::integral_constant<std::size_t, 1>());
}

/// round(value / step) + zero, cut off at 0 and 255.
class ToBytes {
 public:
  /// With `relu`, negative values count as 0.
  explicit HWY_INLINE ToBytes(ByteScale s, bool relu = false)
      : inverse_(hn::Set(Floats(), s ? 1 / s.step : 0)),
        zero_(hn::Set(Floats(), s.zero)),
        least_(hn::Set(Floats(), relu ? s.zero : 0)),
        most_(hn::Set(Floats(), 255)) {}

  /// The first `count` values of the vector, or all.
  HWY_INLINE void store(Vector value, std::size_t count, std::uint8_t* to) const {
    const hn::Rebind<std::uint8_t, Floats> d;
    const auto bytes = hn::DemoteTo(d, round(value));
    if (count >= hn::Lanes(Floats())) return hn::StoreU(bytes, d, to);
    HWY_ALIGN std::uint8_t some[HWY_LANES(float)];
    hn::Store(bytes, d, some);
    CopyFew<HWY_LANES(float) - 1>(some, count, to);
  }
  /// Four whole vectors, the first two to one place and the others to another.
  HWY_INLINE void store(const Vector (&values)[4], std::uint8_t* to, std::uint8_t* to_next) const {
#if HWY_TARGET <= HWY_AVX3
    // Packing in blocks of 128 bits leaves four bytes of each vector in turn.
    const __m512i first = _mm512_packs_epi32(round(values[0]).raw, round(values[1]).raw);
    const __m512i next = _mm512_packs_epi32(round(values[2]).raw, round(values[3]).raw);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(first, next));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to_next), _mm512_extracti64x4_epi64(bytes, 1));
#elif HWY_TARGET == HWY_AVX2
    const __m256i first = _mm256_packs_epi32(round(values[0]).raw, round(values[1]).raw);
    const __m256i next = _mm256_packs_epi32(round(values[2]).raw, round(values[3]).raw);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, next), order);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(bytes));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to_next), _mm256_extracti128_si256(bytes, 1));
#else
    const std::size_t lanes = hn::Lanes(Floats());
    store(values[0], lanes, to);
    store(values[1], lanes, to + lanes);
    store(values[2], lanes, to_next);
    store(values[3], lanes, to_next + lanes);
#endif
  }
  /// The same, only the first `count` values of each two vectors.
  HWY_INLINE void store(const Vector (&values)[4], std::size_t count, std::uint8_t* to, std::uint8_t* to_next) const {
    HWY_ALIGN std::uint8_t some[2][2 * HWY_LANES(float)];
    store(values, some[0], some[1]);
    CopyFew<2 * HWY_LANES(float) - 1>(some[0], count, to);
    CopyFew<2 * HWY_LANES(float) - 1>(some[1], count, to_next);
  }
  /// `count` values in a row.
  HWY_ATTR void run(const float* x, std::size_t count, std::uint8_t* to) const {
    const Floats d;
    const std::size_t lanes = hn::Lanes(d);
    const ToBytes own = *this;  // bytes may be anything, members, too: those are then read again after each store
    std::size_t i = 0;
    for (; i + 4 * lanes <= count; i += 4 * lanes) {
      const float* from = x + i;
      const Vector values[4] = {hn::LoadU(d, from), hn::LoadU(d, from + lanes), hn::LoadU(d, from + 2 * lanes),
                                hn::LoadU(d, from + 3 * lanes)};
      own.store(values, to + i, to + i + 2 * lanes);
    }
    for (; i + lanes <= count; i += lanes) own.store(hn::LoadU(d, x + i), lanes, to + i);
    if (i == count) return;
    HWY_ALIGN float some[HWY_LANES(float)] = {};
    std::memcpy(some, x + i, (count - i) * sizeof(float));
    own.store(hn::Load(d, some), count - i, to + i);
  }

 private:
  HWY_INLINE hn::Vec<hn::RebindToSigned<Floats>> round(Vector value) const {
    const Vector inside = hn::Min(hn::Max(hn::MulAdd(value, inverse_, zero_), least_), most_);
#if HWY_TARGET <= HWY_AVX3
    return hn::Vec<hn::RebindToSigned<Floats>>{_mm512_cvtps_epi32(inside.raw)};  // NearestInt's care is for larger ones
#elif HWY_TARGET == HWY_AVX2
    return hn::Vec<hn::RebindToSigned<Floats>>{_mm256_cvtps_epi32(inside.raw)};
#else
    return hn::NearestInt(inside);
#endif
  }

  Vector inverse_, zero_, least_, most_;
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
