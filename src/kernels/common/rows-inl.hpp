// Rows of pixels that have no place in memory and are made when a convolution reads them: its input where that is a
// batch norm's output, and the gradient with respect to its sums where that follows from the gradient with respect to
// what comes after it. Compiled once for each instruction set.
#if defined(LINEAMENT_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_ROWS_INL
#undef LINEAMENT_ROWS_INL
#else
#define LINEAMENT_ROWS_INL
#endif

#include "kernels/common/norm-inl.hpp"
#include "kernels/common/vectors-inl.hpp"
#include "kernels/conv/conv.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Gives a row of a pool's gradients to the winners among the pixels of one of the two rows above it: those whose
/// number is `left` or `left` + 1.
inline HWY_ATTR void ShareRow(const float* dy, const std::uint8_t* winners, int left, int windows, int channels,
                              float* to) {
  const Floats d;
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

/// Images of a gradient with respect to a convolution's sums.
struct GradientImages {
  ConvGradient from;
  int height, width, channels;
};

/// One row of them: where it lies, or made in `work` (a row's worth).
inline HWY_ATTR const float* GradientRow(const GradientImages& images, int image, int row, float* work) {
  const ConvGradient& from = images.from;
  const int height = images.height, channels = images.channels;
  const auto width = static_cast<std::size_t>(images.width), row_size = width * static_cast<std::size_t>(channels);
  const auto rows_before = [&](int rows, int r) {
    return static_cast<std::size_t>(image) * static_cast<std::size_t>(rows) + static_cast<std::size_t>(r);
  };
  if (from.winners != nullptr) {
    if (row / 2 >= height / 2) {
      std::fill_n(work, row_size, 0.0f);
      return work;
    }
    const std::size_t first = rows_before(height / 2, row / 2) * (width / 2) * static_cast<std::size_t>(channels);
    ShareRow(from.dy + first, from.winners + first, row % 2 * 2, images.width / 2, channels, work);
    if (width % 2 != 0) std::fill_n(work + row_size - channels, channels, 0.0f);
    return work;
  }
  const std::size_t at = rows_before(height, row) * row_size;
  if (from.output == nullptr) return from.dy + at;
  const float *dy = from.dy + at, *y = from.output + at;
  if (from.norm) {
    NormGradientPixels(from.norm, y, dy, width, static_cast<std::size_t>(channels), work);
    return work;
  }
  EachVectorOf(row_size, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    const auto kept = hn::Gt(Read(y + i, lanes), hn::Zero(Floats()));
    Write(hn::IfThenElseZero(kept, Read(dy + i, lanes)), work + i, lanes);
  });
  return work;
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
