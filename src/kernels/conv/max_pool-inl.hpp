// The 2x2 max-pool at the end of a convolution's strip. Compiled once for each instruction set.
#if defined(LINEAMENT_MAX_POOL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_MAX_POOL_INL
#undef LINEAMENT_MAX_POOL_INL
#else
#define LINEAMENT_MAX_POOL_INL
#endif

#include <cstdint>

#include "kernels/common/vectors-inl.hpp"
#include "kernels/conv/conv.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// The first of four values that is the largest, or kCut if a ReLU cuts that off.
inline std::uint8_t Winner(const float* values[4], std::size_t c, float top, bool relu) {
  if (relu && !(top > 0)) return ConvEpilogue::kCut;
  std::uint8_t winner = 0;
  while (winner < 3 && values[winner][c] != top) ++winner;
  return winner;
}
template <class V>
HWY_INLINE void StoreWinners(const V (&values)[4], V top, V value, bool relu, std::uint8_t* to) {
  const hn::DFromV<V> d;
  const hn::Rebind<std::int32_t, decltype(d)> numbers;
  auto winner = hn::Set(numbers, 3);
  for (int i = 2; i >= 0; --i)
    winner = hn::IfThenElse(hn::RebindMask(numbers, hn::Eq(values[i], top)), hn::Set(numbers, i), winner);
  if (relu) {
    const auto kept = hn::RebindMask(numbers, hn::Gt(value, hn::Zero(d)));
    winner = hn::IfThenElse(kept, winner, hn::Set(numbers, ConvEpilogue::kCut));
  }
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  hn::StoreU(hn::DemoteTo(bytes, winner), bytes, to);
}

/// Rows of pixels; of an odd number the last row or column is left out.
template <class V>
struct PoolInput {
  const V* at;
  int rows, width, channels;
};

/// `winners` may be nullptr; with `relu` those of values cut off are kCut.
inline HWY_ATTR void PoolStrip(PoolInput<float> x, float* y, std::uint8_t* winners = nullptr, bool relu = false) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto count = static_cast<std::size_t>(x.channels);
  for (int r = 0; r + 1 < x.rows; r += 2)
    for (int w = 0; w + 1 < x.width; w += 2, y += count) {
      const float* top = x.at + (static_cast<std::ptrdiff_t>(r) * x.width + w) * x.channels;
      const float* bottom = top + static_cast<std::ptrdiff_t>(x.width) * x.channels;
      const float* pixels[4] = {top, top + count, bottom, bottom + count};
      std::size_t c = 0;
      for (; c + lanes <= count; c += lanes) {
        const Vector values[4] = {hn::LoadU(d, pixels[0] + c), hn::LoadU(d, pixels[1] + c), hn::LoadU(d, pixels[2] + c),
                                  hn::LoadU(d, pixels[3] + c)};
        const auto largest = hn::Max(hn::Max(values[0], values[1]), hn::Max(values[2], values[3]));
        hn::StoreU(largest, d, y + c);
        if (winners != nullptr) StoreWinners(values, largest, largest, relu, winners + c);
      }
      for (; c < count; ++c) {
        y[c] = std::max(std::max(pixels[0][c], pixels[1][c]), std::max(pixels[2][c], pixels[3][c]));
        if (winners != nullptr) winners[c] = Winner(pixels, c, y[c], relu);
      }
      if (winners != nullptr) winners += count;
    }
}

/// The same of bytes.
inline HWY_ATTR void PoolStrip(PoolInput<std::uint8_t> x, std::uint8_t* y) {
  const hn::CappedTag<std::uint8_t, 16> d;  // channels are multiples of 16 more often than of whole vectors of bytes
  const std::size_t lanes = hn::Lanes(d);
  const auto count = static_cast<std::size_t>(x.channels);
  for (int r = 0; r + 1 < x.rows; r += 2)
    for (int w = 0; w + 1 < x.width; w += 2, y += count) {
      const std::uint8_t* top = x.at + (static_cast<std::ptrdiff_t>(r) * x.width + w) * x.channels;
      const std::uint8_t* bottom = top + static_cast<std::ptrdiff_t>(x.width) * x.channels;
      std::size_t c = 0;
      for (; c + lanes <= count; c += lanes)
        hn::StoreU(hn::Max(hn::Max(hn::LoadU(d, top + c), hn::LoadU(d, top + count + c)),
                           hn::Max(hn::LoadU(d, bottom + c), hn::LoadU(d, bottom + count + c))),
                   d, y + c);
      for (; c < count; ++c) y[c] = std::max({top[c], top[count + c], bottom[c], bottom[count + c]});
    }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
