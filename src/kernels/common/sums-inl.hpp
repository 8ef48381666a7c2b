// Sums over pixels, a channel each, and over the parts of a batch. Compiled once for each instruction set.
#if defined(LINEAMENT_SUMS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_SUMS_INL
#undef LINEAMENT_SUMS_INL
#else
#define LINEAMENT_SUMS_INL
#endif

#include "kernels/common/budgets.hpp"
#include "kernels/common/norm-inl.hpp"
#include "kernels/common/vectors-inl.hpp"
#include "lineament/threads.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// A block's sums for the forward pass of a batch norm: mean and squared deviations of each channel, or of channels
/// begin … end - 1. Counted from the first pixel, so that a mean far from 0 does not cancel.
inline HWY_ATTR void BlockMoments(const float* x, std::size_t pixels, std::size_t channels, std::size_t begin,
                                  std::size_t end, float* to) {
  const Floats d;
  const Vector count = hn::Set(d, static_cast<float>(pixels));
  EachVectorOf(end - begin, [&](std::size_t at, std::size_t lanes) HWY_ATTR {
    const std::size_t c = begin + at;
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
inline HWY_ATTR void BlockMoments(const float* x, std::size_t pixels, std::size_t channels, float* to) {
  BlockMoments(x, pixels, channels, 0, channels, to);
}

/// A block's sums for the backward pass, from the norm's input and the gradient with respect to what its activation
/// gives.
template <NormActivation kActivation>
HWY_ATTR void BlockGradientSums(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                std::size_t channels, float* to) {
  const Floats d;
  EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
    const Vector mean = Read(norm.mean + c, lanes), factor = Read(norm.factor + c, lanes);
    const Vector shift = Read(norm.shift + c, lanes);
    Vector sum[2] = {hn::Zero(d), hn::Zero(d)}, product[2] = {hn::Zero(d), hn::Zero(d)};
    const auto add = [&](std::size_t k, int i) HWY_ATTR {
      const Vector v = hn::Sub(Read(x + k * channels + c, lanes), mean);
      Vector gradient = Read(dy + k * channels + c, lanes);
      gradient = ActivationGradient<kActivation>(hn::MulAdd(v, factor, shift), gradient);
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

inline HWY_ATTR void BlockGradientSums(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                       std::size_t channels, float* to) {
  WithActivation(norm.activation, [&]<NormActivation kActivation>()
                                      HWY_ATTR { BlockGradientSums<kActivation>(norm, x, dy, pixels, channels, to); });
}

/// Adds `pixels` to sums of their channels: the gradient with respect to a bias.
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

/// Adds `parts` lists of `count` sums, `step` floats apart, to `to`: in order.
inline HWY_ATTR void AddParts(const float* sums, int parts, std::size_t step, std::size_t count, float* to,
                              Threads& threads) {
  threads.run(static_cast<int>((count + kSumValues - 1) / kSumValues), [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kSumValues, size = std::min(kSumValues, count - begin);
    for (int part = 0; part < parts; ++part) {
      const float* from = sums + static_cast<std::size_t>(part) * step + begin;
      EachVectorOf(size, [&](std::size_t i, std::size_t lanes) HWY_ATTR {
        Write(hn::Add(Read(to + begin + i, lanes), Read(from + i, lanes)), to + begin + i, lanes);
      });
    }
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
