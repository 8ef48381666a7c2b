// Batch normalisation in two passes over memory each way. The unit of work is a window: one pixel, or the 2x2 pixels
// that a max-pool takes together. Memory is read in the order it lies in, a few windows at a time, for which a vector
// of channels keeps its sums and factors in registers.
#include "kernels/batch_norm.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_norm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/rows-inl.hpp"

#ifndef LINEAMENT_BATCH_NORM_PLAN
#define LINEAMENT_BATCH_NORM_PLAN
namespace lineament {
namespace {

/// Windows side by side: a block is a run of pixels, or one row of pools.
struct Blocks {
  std::size_t images, height, width, channels;
  bool pool;

  // Sums over this many pixels are kept in float; the sums of blocks are added up in double, in order.
  static constexpr std::size_t kPixels = 128;
  int count() const {
    return static_cast<int>(pool ? images * height / 2 : (images * height * width + kPixels - 1) / kPixels);
  }
  std::size_t windows(int block) const {
    return pool ? width / 2 : std::min(kPixels, images * height * width - static_cast<std::size_t>(block) * kPixels);
  }
  /// Floats before the first window of a block, in the input and in the output.
  std::size_t input_at(int block) const {
    return static_cast<std::size_t>(block) * (pool ? 2 * width : kPixels) * channels;
  }
  std::size_t output_at(int block) const {
    return static_cast<std::size_t>(block) * (pool ? width / 2 : kPixels) * channels;
  }
  /// From one window to the next, and to a window's second row.
  std::size_t step() const { return (pool ? 2 : 1) * channels; }
  std::size_t row() const { return width * channels; }
};

Blocks blocks_of(const BatchNormGeometry& g, bool pool) {
  return {static_cast<std::size_t>(g.images), static_cast<std::size_t>(g.height), static_cast<std::size_t>(g.width),
          static_cast<std::size_t>(g.channels), pool};
}

/// Mean and variance of channel `c` over all blocks: Chan, Golub & LeVeque 1983.
std::pair<double, double> whole_moments(const NormBlocks& blocks, double pixels, std::size_t channels, std::size_t c) {
  double mean = 0, squares = 0;
  for (std::size_t b = 0; b < blocks.count(); ++b)
    mean += static_cast<double>(blocks.of(b, channels)[c]) * static_cast<double>(blocks.pixels_of(b));
  mean /= pixels;
  for (std::size_t b = 0; b < blocks.count(); ++b) {
    const float* sums = blocks.of(b, channels) + c;
    const double away = static_cast<double>(sums[0]) - mean;
    squares += static_cast<double>(sums[channels]) + away * away * static_cast<double>(blocks.pixels_of(b));
  }
  return {mean, squares / pixels};
}

/// Sum of entry `c` over all blocks' pairs of sums.
double total(const float* sums, int count, std::size_t channels, std::size_t c) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += static_cast<double>(sums[static_cast<std::size_t>(i) * 2 * channels + c]);
  return sum;
}

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Calls f(first window, behind the last, channel, lanes wanted) for every few windows of a block and each vector of
/// channels in them.
template <class F>
HWY_INLINE void EachVector(const Blocks& blocks, int block, F&& f) {
  constexpr std::size_t kWindows = 4;
  const std::size_t lanes = hn::Lanes(Floats()), windows = blocks.windows(block);
  for (std::size_t first = 0; first < windows; first += kWindows)
    for (std::size_t c = 0; c < blocks.channels; c += lanes)
      f(first, std::min(windows, first + kWindows), c, std::min(lanes, blocks.channels - c));
}

HWY_ATTR void Moments(const NormBlocks& blocks, const float* x, std::size_t channels, Threads& threads) {
  threads.run(static_cast<int>(blocks.count()), [&](int task, int) HWY_ATTR {
    const auto block = static_cast<std::size_t>(task);
    BlockMoments(x + block * blocks.pixels * channels, blocks.pixels_of(block), channels, blocks.of(block, channels));
  });
}

/// What normalisation, ReLU and max-pool make of the four (or one) values of a window, and which one the gradient goes
/// to.
template <bool kNorm, bool kRelu, bool kPool>
struct Window {
  static constexpr int kValues = kPool ? 4 : 1;
  Vector x[kValues], y[kValues];

  HWY_INLINE Window(const float* from, std::size_t channels, std::size_t row, std::size_t lanes, Vector mean,
                    Vector factor, Vector shift) {
    for (int i = 0; i < kValues; ++i) {
      const float* at = from + static_cast<std::size_t>(i % 2) * channels + static_cast<std::size_t>(i / 2) * row;
      Expect(at);
      x[i] = Read(at, lanes);
      y[i] = x[i];
      if constexpr (kNorm) {
        x[i] = hn::Sub(x[i], mean);
        y[i] = hn::MulAdd(x[i], factor, shift);
      }
    }
  }
  HWY_INLINE Vector largest() const {
    if constexpr (kPool)
      return hn::Max(hn::Max(y[0], y[1]), hn::Max(y[2], y[3]));
    else
      return y[0];
  }
  HWY_INLINE Vector output() const { return kRelu ? hn::Max(largest(), hn::Zero(Floats())) : largest(); }
  /// Cuts `gradient` off where the ReLU does, and gives it to the first of the largest values.
  HWY_INLINE void share(Vector gradient, Vector* to) const {
    const Vector zero = hn::Zero(Floats()), top = largest();
    if constexpr (kRelu) gradient = hn::IfThenElseZero(hn::Gt(top, zero), gradient);
    to[0] = gradient;
    if constexpr (kPool) {
      for (int i = 0; i < 4; ++i) {
        const auto here = hn::Eq(y[i], top);
        to[i] = hn::IfThenElseZero(here, gradient);
        gradient = hn::IfThenZeroElse(here, gradient);
      }
    }
  }
};

template <bool kNorm, bool kRelu, bool kPool>
HWY_ATTR void Apply(const Blocks& blocks, const NormFactors& f, const float* x, float* y, Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const Floats d;
      const Vector mean = kNorm ? Read(f.mean + c, lanes) : hn::Zero(d),
                   factor = kNorm ? Read(f.factor + c, lanes) : mean;
      const Vector shift = kNorm ? Read(f.shift + c, lanes) : mean;
      const std::size_t step = blocks.step();
      const float* from = x + blocks.input_at(block) + i * step + c;
      float* to = y + blocks.output_at(block) + i * blocks.channels + c;
      for (; i < end; ++i, from += step, to += blocks.channels) {
        Expect(to);
        Write(Window<kNorm, kRelu, kPool>(from, blocks.channels, blocks.row(), lanes, mean, factor, shift).output(), to,
              lanes);
      }
    });
  });
}

/// For each block: sums of the gradient before the ReLU and of its product with x - mean.
template <bool kRelu, bool kPool>
HWY_ATTR void GradientSums(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* sums,
                           Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    float* to = sums + static_cast<std::size_t>(block) * 2 * blocks.channels;
    std::fill_n(to, 2 * blocks.channels, 0.0f);
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const Vector mean = Read(f.mean + c, lanes), factor = Read(f.factor + c, lanes), shift = Read(f.shift + c, lanes);
      Vector sum = Read(to + c, lanes), product = Read(to + blocks.channels + c, lanes);
      const float* from = x + blocks.input_at(block) + i * blocks.step() + c;
      const float* gradient = dy + blocks.output_at(block) + i * blocks.channels + c;
      for (; i < end; ++i, from += blocks.step(), gradient += blocks.channels) {
        using W = Window<true, kRelu, kPool>;
        const W w(from, blocks.channels, blocks.row(), lanes, mean, factor, shift);
        Vector shares[W::kValues];
        Expect(gradient);
        w.share(Read(gradient, lanes), shares);
        for (int k = 0; k < W::kValues; ++k) {
          sum = hn::Add(sum, shares[k]);
          product = hn::MulAdd(shares[k], w.x[k], product);
        }
      }
      Write(sum, to + c, lanes);
      Write(product, to + blocks.channels + c, lanes);
    });
  });
}

/// The gradient by x; dx may be x, and without a pool dy.
template <bool kNorm, bool kRelu, bool kPool>
HWY_ATTR void InputGradient(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* dx,
                            Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const Vector zero = hn::Zero(Floats());
      const Vector mean = kNorm ? Read(f.mean + c, lanes) : zero, factor = kNorm ? Read(f.factor + c, lanes) : zero;
      const Vector shift = kNorm ? Read(f.shift + c, lanes) : zero, slope = kNorm ? Read(f.slope + c, lanes) : zero;
      const Vector offset = kNorm ? Read(f.offset + c, lanes) : zero;
      const float* from = x + blocks.input_at(block) + i * blocks.step() + c;
      const float* gradient = dy + blocks.output_at(block) + i * blocks.channels + c;
      float* to = dx + blocks.input_at(block) + i * blocks.step() + c;
      for (; i < end; ++i, from += blocks.step(), to += blocks.step(), gradient += blocks.channels) {
        using W = Window<kNorm, kRelu, kPool>;
        const W w(from, blocks.channels, blocks.row(), lanes, mean, factor, shift);
        Vector shares[W::kValues];
        Expect(gradient);
        w.share(Read(gradient, lanes), shares);
        for (int k = 0; k < W::kValues; ++k) {
          const Vector own = kNorm ? hn::MulAdd(shares[k], factor, hn::MulAdd(w.x[k], slope, offset)) : shares[k];
          Write(own,
                to + static_cast<std::size_t>(k % 2) * blocks.channels + static_cast<std::size_t>(k / 2) * blocks.row(),
                lanes);
        }
      }
    });
  });
}

// One function for each pass: dispatch does not see templates.
HWY_ATTR void NormForward(const BatchNormGeometry& g, const NormFactors& f, const float* x, float* y,
                          Threads& threads) {
  const Blocks blocks = blocks_of(g, g.max_pool);
  if (g.max_pool)
    g.relu ? Apply<true, true, true>(blocks, f, x, y, threads) : Apply<true, false, true>(blocks, f, x, y, threads);
  else
    g.relu ? Apply<true, true, false>(blocks, f, x, y, threads) : Apply<true, false, false>(blocks, f, x, y, threads);
}
HWY_ATTR void NormGradientSums(const BatchNormGeometry& g, const NormFactors& f, const float* x, const float* dy,
                               float* sums, Threads& threads) {
  const Blocks blocks = blocks_of(g, g.max_pool);
  if (g.max_pool)
    g.relu ? GradientSums<true, true>(blocks, f, x, dy, sums, threads)
           : GradientSums<false, true>(blocks, f, x, dy, sums, threads);
  else
    g.relu ? GradientSums<true, false>(blocks, f, x, dy, sums, threads)
           : GradientSums<false, false>(blocks, f, x, dy, sums, threads);
}
HWY_ATTR void NormInputGradient(const BatchNormGeometry& g, const NormFactors& f, const float* x, const float* dy,
                                float* dx, Threads& threads) {
  const Blocks blocks = blocks_of(g, g.max_pool);
  if (g.max_pool)
    g.relu ? InputGradient<true, true, true>(blocks, f, x, dy, dx, threads)
           : InputGradient<true, false, true>(blocks, f, x, dy, dx, threads);
  else
    g.relu ? InputGradient<true, true, false>(blocks, f, x, dy, dx, threads)
           : InputGradient<true, false, false>(blocks, f, x, dy, dx, threads);
}
HWY_ATTR void ReluPoolForward(const Blocks& blocks, const float* x, float* y, Threads& threads) {
  Apply<false, true, true>(blocks, {}, x, y, threads);
}
HWY_ATTR void ReluPoolBackward(const Blocks& blocks, const float* x, const float* dy, float* dx, Threads& threads) {
  InputGradient<false, true, true>(blocks, {}, x, dy, dx, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(Moments);
HWY_EXPORT(NormForward);
HWY_EXPORT(NormGradientSums);
HWY_EXPORT(NormInputGradient);
HWY_EXPORT(ReluPoolForward);
HWY_EXPORT(ReluPoolBackward);

std::size_t batch_norm_scratch(const BatchNormGeometry& g) {
  const int blocks = std::max(blocks_of(g, false).count(), g.max_pool ? blocks_of(g, true).count() : 0);
  return static_cast<std::size_t>(2 * blocks) * static_cast<std::size_t>(g.channels);
}

// Mean, 1 / standard deviation, factor, slope and offset.
std::size_t batch_norm_saved(const BatchNormGeometry& g) {
  return 5 * static_cast<std::size_t>(g.channels);
}

NormFactors norm_factors(const float* saved, const float* shift, std::size_t channels, bool relu) {
  return {saved, saved + 2 * channels, shift, saved + 3 * channels, saved + 4 * channels, relu};
}

void batch_norm_infer(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift,
                      const float* mean, const float* variance, float* y, float* scratch, Threads& threads) {
  for (int c = 0; c < g.channels; ++c) scratch[c] = scale[c] / std::sqrt(variance[c] + g.epsilon);
  HWY_DYNAMIC_DISPATCH(NormForward)(g, NormFactors{.mean = mean, .factor = scratch, .shift = shift}, x, y, threads);
}

void batch_norm_forward(const BatchNormGeometry& g, const float* x, const NormBlocks& moments, const float* scale,
                        const float* shift, float* running_mean, float* running_var, float* saved, float* y,
                        float* scratch, Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  const double n = static_cast<double>(g.pixels()), unbiased = g.pixels() > 1 ? n / (n - 1) : 1;
  NormBlocks blocks = moments;
  if (!blocks) {
    blocks = {scratch, 1, g.pixels(), Blocks::kPixels};
    HWY_DYNAMIC_DISPATCH(Moments)(blocks, x, channels, threads);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const auto [mean, variance] = whole_moments(blocks, n, channels, c);
    const double inverse = 1 / std::sqrt(variance + static_cast<double>(g.epsilon));
    saved[c] = static_cast<float>(mean);
    saved[channels + c] = static_cast<float>(inverse);
    running_mean[c] += g.momentum * (static_cast<float>(mean) - running_mean[c]);
    running_var[c] += g.momentum * (static_cast<float>(variance * unbiased) - running_var[c]);
    saved[2 * channels + c] = saved[channels + c] * scale[c];
  }
  if (y != nullptr) HWY_DYNAMIC_DISPATCH(NormForward)(g, norm_factors(saved, shift, channels, g.relu), x, y, threads);
}

void batch_norm_backward(const BatchNormGeometry& g, const float* x, const NormBlocks& given, const float* shift,
                         float* saved, const float* dy, float* dx, float* dscale, float* dshift, float* scratch,
                         Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  const int count = given ? static_cast<int>(given.count()) : blocks_of(g, g.max_pool).count();
  const double n = static_cast<double>(g.pixels());
  const NormFactors f = norm_factors(saved, shift, channels, g.relu);
  const float* sums = given ? given.sums : scratch;
  if (!given) HWY_DYNAMIC_DISPATCH(NormGradientSums)(g, f, x, dy, scratch, threads);
  // dx = factor * (dy - mean(dy) - normal * mean(dy * normal)), normal = (x - mean) * inverse, sorted by dy and x.
  for (std::size_t c = 0; c < channels; ++c) {
    const double sum = total(sums, count, channels, c);
    const double inverse = static_cast<double>(saved[channels + c]), factor = static_cast<double>(f.factor[c]);
    const double product = total(sums + channels, count, channels, c) * inverse;
    dshift[c] += static_cast<float>(sum);
    dscale[c] += static_cast<float>(product);
    saved[3 * channels + c] = static_cast<float>(-factor * inverse * product / n);
    saved[4 * channels + c] = static_cast<float>(-factor * sum / n);
  }
  if (dx != nullptr) HWY_DYNAMIC_DISPATCH(NormInputGradient)(g, f, x, dy, dx, threads);
}

namespace {
Blocks blocks_of(const ReluPoolGeometry& g) {
  return {static_cast<std::size_t>(g.images), static_cast<std::size_t>(g.height), static_cast<std::size_t>(g.width),
          static_cast<std::size_t>(g.channels), true};
}
}  // namespace

void relu_pool_forward(const ReluPoolGeometry& g, const float* x, float* y, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(ReluPoolForward)(blocks_of(g), x, y, threads);
}
void relu_pool_backward(const ReluPoolGeometry& g, const float* x, const float* dy, float* dx, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(ReluPoolBackward)(blocks_of(g), x, dy, dx, threads);
}

}  // namespace lineament
#endif
