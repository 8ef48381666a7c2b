// The gradient by a convolution's sums, taken from the gradient by what its epilogue made of them: one row of pixels at
// a time, when it is read. Compiled once for each instruction set.
#if defined(LINEAMENT_GRADIENT_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_GRADIENT_ROWS_INL
#undef LINEAMENT_GRADIENT_ROWS_INL
#else
#define LINEAMENT_GRADIENT_ROWS_INL
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "lineament/kernels/conv.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Gives a row of a pool's gradients to the winners among the pixels of one of the two rows above it: those whose
/// number is `left` or `left` + 1.
inline HWY_ATTR void ShareRow(const float* dy, const std::uint8_t* winners, int left, int windows, int channels,
                              float* to) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::int32_t, decltype(d)> numbers;
  const auto count = static_cast<std::size_t>(channels), lanes = hn::Lanes(d);
  const auto first = hn::Set(numbers, left), second = hn::Set(numbers, left + 1);
  for (int w = 0; w < windows; ++w, dy += count, winners += count, to += 2 * count) {
    std::size_t c = 0;
    for (; c + lanes <= count; c += lanes) {
      const auto gradient = hn::LoadU(d, dy + c);
      const auto winner = hn::PromoteTo(numbers, hn::LoadU(bytes, winners + c));
      hn::StoreU(hn::IfThenElseZero(hn::RebindMask(d, hn::Eq(winner, first)), gradient), d, to + c);
      hn::StoreU(hn::IfThenElseZero(hn::RebindMask(d, hn::Eq(winner, second)), gradient), d, to + count + c);
    }
    for (; c < count; ++c) {
      to[c] = winners[c] == left ? dy[c] : 0.0f;
      to[count + c] = winners[c] == left + 1 ? dy[c] : 0.0f;
    }
  }
}

/// One row of the gradient by the sums: where it lies, or written to `room` (a row's worth).
inline HWY_ATTR const float* GradientRow(const ConvGradient& from, int image, int row, int height, int width,
                                         int channels, float* room) {
  const auto row_size = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const std::size_t at = (static_cast<std::size_t>(image) * static_cast<std::size_t>(height) +
                          static_cast<std::size_t>(row)) * row_size;
  if (from.winners != nullptr) {
    if (row / 2 >= height / 2) {
      std::fill_n(room, row_size, 0.0f);
      return room;
    }
    const std::size_t first = (static_cast<std::size_t>(image) * static_cast<std::size_t>(height / 2) +
                               static_cast<std::size_t>(row / 2)) *
                              static_cast<std::size_t>(width / 2) * static_cast<std::size_t>(channels);
    ShareRow(from.dy + first, from.winners + first, row % 2 * 2, width / 2, channels, room);
    if (width % 2 != 0) std::fill_n(room + row_size - channels, channels, 0.0f);
    return room;
  }
  if (from.relu_output == nullptr) return from.dy + at;
  const hn::ScalableTag<float> d;
  const float *dy = from.dy + at, *y = from.relu_output + at;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= row_size; i += hn::Lanes(d))
    hn::StoreU(hn::IfThenElseZero(hn::Gt(hn::LoadU(d, y + i), hn::Zero(d)), hn::LoadU(d, dy + i)), d, room + i);
  for (; i < row_size; ++i) room[i] = y[i] > 0 ? dy[i] : 0.0f;
  return room;
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#endif
