// Batch normalisation in two passes over memory each way. The unit of work is a window: one pixel, or the 2x2 pixels
// that a max-pool takes together. Memory is read in the order it lies in, a few windows at a time, for which a vector
// of channels keeps its sums and factors in registers.
#include "lineament/kernels/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/batch_norm.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.hpp"

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

/// Values for each channel that a pass needs.
struct Factors {
  const float *mean, *factor, *shift;               ///< y = (x - mean) * factor + shift
  const float* inverse = nullptr;                   ///< 1 / standard deviation
  const float *slope = nullptr, *offset = nullptr;  ///< dx = dy * factor + (x - mean) * slope + offset
};

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
/// Asks for what will be read soon: a few windows at a time are too short a run for the processor to see where it goes.
HWY_INLINE void Expect(const float* from) {
  constexpr std::size_t kAhead = 2048;
  hwy::Prefetch(from + kAhead);
}
HWY_INLINE Vector Read(const float* from, std::size_t count) {
  const Floats d;
  return count == hn::Lanes(d) ? hn::LoadU(d, from) : LoadFirst(from, count, hn::FirstN(d, count));
}
HWY_INLINE void Write(Vector v, float* to, std::size_t count) {
  const Floats d;
  if (count == hn::Lanes(d))
    hn::StoreU(v, d, to);
  else
    hn::BlendedStore(v, hn::FirstN(d, count), d, to);
}

/// For each block: sums of (x - origin) and of its square. The origin, a value of the channel itself, keeps the
/// difference "mean of squares - square of mean" from cancelling.
HWY_ATTR void Moments(const Blocks& blocks, const float* x, const float* origin, float* sums, Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    const float* first = x + blocks.input_at(block);
    float* to = sums + static_cast<std::size_t>(block) * 2 * blocks.channels;
    std::fill_n(to, 2 * blocks.channels, 0.0f);
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const Vector center = Read(origin + c, lanes);
      Vector sum = Read(to + c, lanes), square = Read(to + blocks.channels + c, lanes);
      const float* from = first + i * blocks.channels + c;
      for (; i < end; ++i, from += blocks.channels) {
        Expect(from);
        const Vector v = hn::Sub(Read(from, lanes), center);
        sum = hn::Add(sum, v);
        square = hn::MulAdd(v, v, square);
      }
      Write(sum, to + c, lanes);
      Write(square, to + blocks.channels + c, lanes);
    });
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
HWY_ATTR void Apply(const Blocks& blocks, const Factors& f, const float* x, float* y, Threads& threads) {
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
HWY_ATTR void GradientSums(const Blocks& blocks, const Factors& f, const float* x, const float* dy, float* sums,
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
HWY_ATTR void InputGradient(const Blocks& blocks, const Factors& f, const float* x, const float* dy, float* dx,
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
HWY_ATTR void NormForward(const BatchNormGeometry& g, const Factors& f, const float* x, float* y, Threads& threads) {
  const Blocks blocks = blocks_of(g, g.max_pool);
  if (g.max_pool)
    g.relu ? Apply<true, true, true>(blocks, f, x, y, threads) : Apply<true, false, true>(blocks, f, x, y, threads);
  else
    g.relu ? Apply<true, true, false>(blocks, f, x, y, threads) : Apply<true, false, false>(blocks, f, x, y, threads);
}
HWY_ATTR void NormGradientSums(const BatchNormGeometry& g, const Factors& f, const float* x, const float* dy,
                               float* sums, Threads& threads) {
  const Blocks blocks = blocks_of(g, g.max_pool);
  if (g.max_pool)
    g.relu ? GradientSums<true, true>(blocks, f, x, dy, sums, threads)
           : GradientSums<false, true>(blocks, f, x, dy, sums, threads);
  else
    g.relu ? GradientSums<true, false>(blocks, f, x, dy, sums, threads)
           : GradientSums<false, false>(blocks, f, x, dy, sums, threads);
}
HWY_ATTR void NormInputGradient(const BatchNormGeometry& g, const Factors& f, const float* x, const float* dy,
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
  return static_cast<std::size_t>(2 * blocks + 3) * static_cast<std::size_t>(g.channels);
}

void batch_norm_infer(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift,
                      const float* mean, const float* variance, float* y, float* scratch, Threads& threads) {
  for (int c = 0; c < g.channels; ++c) scratch[c] = scale[c] / std::sqrt(variance[c] + g.epsilon);
  HWY_DYNAMIC_DISPATCH(NormForward)(g, {mean, scratch, shift}, x, y, threads);
}

void batch_norm_forward(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift,
                        float* running_mean, float* running_var, float* saved, float* y, float* scratch,
                        Threads& threads) {
  const Blocks blocks = blocks_of(g, false);
  const auto channels = static_cast<std::size_t>(g.channels);
  const double n = static_cast<double>(g.pixels()), unbiased = g.pixels() > 1 ? n / (n - 1) : 1;
  float* sums = scratch + 3 * channels;
  HWY_DYNAMIC_DISPATCH(Moments)(blocks, x, x, sums, threads);
  for (std::size_t c = 0; c < channels; ++c) {
    const double offset = total(sums, blocks.count(), channels, c) / n;
    const double mean = static_cast<double>(x[c]) + offset;
    const double variance = std::max(0.0, total(sums + channels, blocks.count(), channels, c) / n - offset * offset);
    const double inverse = 1 / std::sqrt(variance + static_cast<double>(g.epsilon));
    saved[c] = static_cast<float>(mean);
    saved[channels + c] = static_cast<float>(inverse);
    running_mean[c] += g.momentum * (static_cast<float>(mean) - running_mean[c]);
    running_var[c] += g.momentum * (static_cast<float>(variance * unbiased) - running_var[c]);
    scratch[c] = saved[channels + c] * scale[c];
  }
  HWY_DYNAMIC_DISPATCH(NormForward)(g, {saved, scratch, shift}, x, y, threads);
}

void batch_norm_backward(const BatchNormGeometry& g, const float* x, const float* scale, const float* shift,
                         const float* saved, const float* dy, float* dx, float* dscale, float* dshift, float* scratch,
                         Threads& threads) {
  const auto channels = static_cast<std::size_t>(g.channels);
  const int count = blocks_of(g, g.max_pool).count();
  const double n = static_cast<double>(g.pixels());
  const Factors f{saved, scratch, shift, saved + channels, scratch + channels, scratch + 2 * channels};
  float* sums = scratch + 3 * channels;
  for (std::size_t c = 0; c < channels; ++c)
    scratch[c] = saved[channels + c] * scale[c];  // the same bits as in `forward`
  HWY_DYNAMIC_DISPATCH(NormGradientSums)(g, f, x, dy, sums, threads);
  // dx = factor * (dy - mean(dy) - normal * mean(dy * normal)), normal = (x - mean) * inverse, sorted by dy and x.
  for (std::size_t c = 0; c < channels; ++c) {
    const double sum = total(sums, count, channels, c);
    const double product = total(sums + channels, count, channels, c) * static_cast<double>(f.inverse[c]);
    dshift[c] += static_cast<float>(sum);
    dscale[c] += static_cast<float>(product);
    const double factor = static_cast<double>(scratch[c]), inverse = static_cast<double>(saved[channels + c]);
    scratch[channels + c] = static_cast<float>(-factor * inverse * product / n);
    scratch[2 * channels + c] = static_cast<float>(-factor * sum / n);
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
