// Rows of pixels that have no place in memory and are made when a convolution reads them: its input where that is a
// batch norm's output, and the gradient by its sums where that follows from the gradient by what comes behind it.
// Compiled once for each instruction set.
#if defined(LINEAMENT_ROWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_ROWS_INL
#undef LINEAMENT_ROWS_INL
#else
#define LINEAMENT_ROWS_INL
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/conv.hpp"
#include "kernels/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Asks for what will be read soon: a few pixels at a time are too short a run for the processor to see where it goes.
HWY_INLINE void Expect(const float* from) {
  constexpr std::size_t kAhead = 2048;
  hwy::Prefetch(from + kAhead);
}
/// Calls f(first, lanes wanted) for each vector of `count` channels.
template <class F>
HWY_INLINE void EachVectorOf(std::size_t count, F&& f) {
  const std::size_t lanes = hn::Lanes(Floats());
  for (std::size_t c = 0; c < count; c += lanes) f(c, std::min(lanes, count - c));
}

/// `pixels` of a batch norm's output, from as many of its input: a few at a time, whose factors stay in registers. With
/// kAdd it is added to what is there.
template <bool kAdd = false>
HWY_ATTR void NormalisePixels(const NormFactors& norm, const float* x, std::size_t pixels, std::size_t channels,
                              float* to) {
  constexpr std::size_t kPixels = 8;
  const Floats d;
  const auto least = norm.relu ? hn::Zero(d) : hn::Set(d, kNothingCut);
  for (std::size_t i = 0; i < pixels; i += kPixels)
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      const auto mean = Read(norm.mean + c, lanes), factor = Read(norm.factor + c, lanes);
      const auto shift = Read(norm.shift + c, lanes);
      for (std::size_t k = i; k < std::min(pixels, i + kPixels); ++k) {
        Expect(x + k * channels + c);
        const auto v = hn::Sub(Read(x + k * channels + c, lanes), mean);
        auto y = AtLeast(least, hn::MulAdd(v, factor, shift));
        if constexpr (kAdd) y = hn::Add(y, Read(to + k * channels + c, lanes));
        Write(y, to + k * channels + c, lanes);
      }
    });
}

/// Adds `pixels` of a term, from its value `first` on.
inline HWY_ATTR void AddTerm(const NormTerm& term, std::size_t first, std::size_t pixels, std::size_t channels,
                             float* to) {
  const float* x = term.x + first;
  if (term.norm) return NormalisePixels<true>(term.norm, x, pixels, channels, to);
  EachVectorOf(pixels * channels, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    Expect(x + i);
    Write(hn::Add(Read(to + i, lanes), Read(x + i, lanes)), to + i, lanes);
  });
}

/// `pixels` of the gradient by a batch norm's input x, from those of the gradient by its output.
inline HWY_ATTR void NormGradientPixels(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                        std::size_t channels, float* to) {
  constexpr std::size_t kPixels = 8;
  const Floats d;
  for (std::size_t i = 0; i < pixels; i += kPixels)
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      const auto mean = Read(norm.mean + c, lanes), factor = Read(norm.factor + c, lanes);
      const auto shift = Read(norm.shift + c, lanes), slope = Read(norm.slope + c, lanes);
      const auto offset = Read(norm.offset + c, lanes);
      for (std::size_t k = i; k < std::min(pixels, i + kPixels); ++k) {
        Expect(x + k * channels + c);
        Expect(dy + k * channels + c);
        const auto v = hn::Sub(Read(x + k * channels + c, lanes), mean);
        auto gradient = Read(dy + k * channels + c, lanes);
        if (norm.relu) gradient = hn::IfThenElseZero(hn::Gt(hn::MulAdd(v, factor, shift), hn::Zero(d)), gradient);
        Write(hn::MulAdd(gradient, factor, hn::MulAdd(v, slope, offset)), to + k * channels + c, lanes);
      }
    });
}

/// A block's sums for the forward pass of a batch norm: mean and squared deviations of each channel. Counted from the
/// first pixel, so that a mean far from 0 does not cancel.
inline HWY_ATTR void BlockMoments(const float* x, std::size_t pixels, std::size_t channels, float* to) {
  const Floats d;
  const Vector count = hn::Set(d, static_cast<float>(pixels));
  EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
    const Vector origin = Read(x + c, lanes);
    Vector sum[2] = {hn::Zero(d), hn::Zero(d)}, square[2] = {hn::Zero(d), hn::Zero(d)};
    const auto add = [&](std::size_t k, int i) HWY_ATTR {
      const Vector v = hn::Sub(Read(x + k * channels + c, lanes), origin);
      sum[i] = hn::Add(sum[i], v);
      square[i] = hn::MulAdd(v, v, square[i]);
    };
    std::size_t k = 0;
    for (; k + 2 <= pixels; k += 2) {
      add(k, 0);
      add(k + 1, 1);
    }
    if (k < pixels) add(k, 0);
    const Vector total = hn::Add(sum[0], sum[1]), mean = hn::Div(total, count);
    Write(hn::Add(origin, mean), to + c, lanes);
    const Vector squares = hn::Sub(hn::Add(square[0], square[1]), hn::Mul(total, mean));
    Write(hn::Max(squares, hn::Zero(d)), to + channels + c, lanes);
  });
}

/// A block's sums for the backward pass, from the norm's input and the gradient by its output (behind the ReLU).
inline HWY_ATTR void BlockGradientSums(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                       std::size_t channels, float* to) {
  const Floats d;
  EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
    const Vector mean = Read(norm.mean + c, lanes), factor = Read(norm.factor + c, lanes);
    const Vector shift = Read(norm.shift + c, lanes);
    Vector sum[2] = {hn::Zero(d), hn::Zero(d)}, product[2] = {hn::Zero(d), hn::Zero(d)};
    const auto add = [&](std::size_t k, int i) HWY_ATTR {
      const Vector v = hn::Sub(Read(x + k * channels + c, lanes), mean);
      Vector gradient = Read(dy + k * channels + c, lanes);
      if (norm.relu) gradient = hn::IfThenElseZero(hn::Gt(hn::MulAdd(v, factor, shift), hn::Zero(d)), gradient);
      sum[i] = hn::Add(sum[i], gradient);
      product[i] = hn::MulAdd(gradient, v, product[i]);
    };
    std::size_t k = 0;
    for (; k + 2 <= pixels; k += 2) {
      add(k, 0);
      add(k + 1, 1);
    }
    if (k < pixels) add(k, 0);
    Write(hn::Add(sum[0], sum[1]), to + c, lanes);
    Write(hn::Add(product[0], product[1]), to + channels + c, lanes);
  });
}

/// Adds `pixels` to sums of their channels: the gradient by a bias.
inline HWY_ATTR void AddPixels(const float* dy, std::size_t pixels, std::size_t channels, float* sums) {
  const Floats d;
  EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
    Vector sum[4] = {Read(sums + c, lanes), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    std::size_t k = 0;
    for (; k + 4 <= pixels; k += 4)
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) sum[i] = hn::Add(sum[i], Read(dy + (k + i) * channels + c, lanes));
    for (; k < pixels; ++k) sum[0] = hn::Add(sum[0], Read(dy + k * channels + c, lanes));
    Write(hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3])), sums + c, lanes);
  });
}

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

/// One row of the gradient by the sums: where it lies, or written to `room` (a row's worth).
inline HWY_ATTR const float* GradientRow(const ConvGradient& from, int image, int row, int height, int width,
                                         int channels, float* room) {
  const auto row_size = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const std::size_t at =
      (static_cast<std::size_t>(image) * static_cast<std::size_t>(height) + static_cast<std::size_t>(row)) * row_size;
  if (from.winners != nullptr) {
    if (row / 2 >= height / 2) {
      std::fill_n(room, row_size, 0.0f);
      return room;
    }
    const std::size_t first =
        (static_cast<std::size_t>(image) * static_cast<std::size_t>(height / 2) + static_cast<std::size_t>(row / 2)) *
        static_cast<std::size_t>(width / 2) * static_cast<std::size_t>(channels);
    ShareRow(from.dy + first, from.winners + first, row % 2 * 2, width / 2, channels, room);
    if (width % 2 != 0) std::fill_n(room + row_size - channels, channels, 0.0f);
    return room;
  }
  if (from.output == nullptr) return from.dy + at;
  const Floats d;
  const float *dy = from.dy + at, *y = from.output + at;
  if (from.norm) {
    NormGradientPixels(from.norm, y, dy, static_cast<std::size_t>(width), static_cast<std::size_t>(channels), room);
    return room;
  }
  EachVectorOf(row_size, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
    const auto kept = hn::Gt(Read(y + i, lanes), hn::Zero(d));
    Write(hn::IfThenElseZero(kept, Read(dy + i, lanes)), room + i, lanes);
  });
  return room;
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#endif
