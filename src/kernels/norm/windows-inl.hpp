// What a batch norm, an activation and a 2x2 max-pool make of the values that a pool takes together, forward and back.
// Memory is read in the order it lies in, a few windows at a time, for which a vector of channels keeps its sums and
// factors in registers. Compiled once for each instruction set.
#if defined(LINEAMENT_NORM_WINDOWS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_NORM_WINDOWS_INL
#undef LINEAMENT_NORM_WINDOWS_INL
#else
#define LINEAMENT_NORM_WINDOWS_INL
#endif

#include "kernels/common/sums-inl.hpp"
#include "kernels/norm/blocks.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Calls f(first window, after the last, channel, lanes wanted) for every few windows of a block and each vector of
/// channels in them.
template <class F>
HWY_INLINE void EachVector(const Blocks& blocks, int block, F&& f) {
  constexpr std::size_t kWindows = 4;  // share one load of the channels' factors, and stay in the first-level cache
  const std::size_t lanes = hn::Lanes(Floats()), windows = blocks.windows(block);
  for (std::size_t first = 0; first < windows; first += kWindows)
    for (std::size_t c = 0; c < blocks.channels; c += lanes)
      f(first, std::min(windows, first + kWindows), c, std::min(lanes, blocks.channels - c));
}

/// The factors of a vector of channels.
struct VectorFactors {
  Vector mean, factor, shift;
  HWY_INLINE VectorFactors(const NormFactors& f, std::size_t c, std::size_t lanes)
      : mean(Read(f.mean + c, lanes)), factor(Read(f.factor + c, lanes)), shift(Read(f.shift + c, lanes)) {}
};

/// What normalisation, activation and max-pool make of the four (or one) values of a window, and which one the gradient
/// goes to: computed again from the input, which costs less than to keep and read the winners.
template <NormActivation kActivation, bool kPool>
struct Window {
  static constexpr int kValues = kPool ? 4 : 1;
  Vector x[kValues], y[kValues];

  HWY_INLINE Window(const Blocks& blocks, const float* from, std::size_t lanes, const VectorFactors& f) {
    for (int i = 0; i < kValues; ++i) {
      const float* at = from + blocks.value(i);
      Expect(at);
      x[i] = hn::Sub(Read(at, lanes), f.mean);
      y[i] = hn::MulAdd(x[i], f.factor, f.shift);
    }
  }
  HWY_INLINE Vector largest() const {
    if constexpr (kPool)
      return hn::Max(hn::Max(y[0], y[1]), hn::Max(y[2], y[3]));
    else
      return y[0];
  }
  HWY_INLINE Vector output() const { return Activated<kActivation>(largest()); }
  /// Takes `gradient` back through the activation, and gives it to the first of the largest values.
  HWY_INLINE void share(Vector gradient, Vector* to) const {
    const Vector top = largest();
    gradient = ActivationGradient<kActivation>(top, gradient);
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

template <NormActivation kActivation, bool kPool>
HWY_ATTR void Apply(const Blocks& blocks, const NormFactors& f, const float* x, float* y, Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const VectorFactors factors(f, c, lanes);
      const float* from = x + blocks.input_at(block, i) + c;
      float* to = y + blocks.output_at(block, i) + c;
      for (; i < end; ++i, from += blocks.step(), to += blocks.channels) {
        Expect(to);
        Write(Window<kActivation, kPool>(blocks, from, lanes, factors).output(), to, lanes);
      }
    });
  });
}

/// For each block: sums of the gradient before the activation and of its product with x - mean.
template <NormActivation kActivation, bool kPool>
HWY_ATTR void GradientSums(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* sums,
                           Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    float* to = sums + static_cast<std::size_t>(block) * 2 * blocks.channels;
    std::fill_n(to, 2 * blocks.channels, 0.0f);
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const VectorFactors factors(f, c, lanes);
      Vector sum = Read(to + c, lanes), product = Read(to + blocks.channels + c, lanes);
      const float* from = x + blocks.input_at(block, i) + c;
      const float* gradient = dy + blocks.output_at(block, i) + c;
      for (; i < end; ++i, from += blocks.step(), gradient += blocks.channels) {
        using W = Window<kActivation, kPool>;
        const W w(blocks, from, lanes, factors);
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

/// The gradient with respect to x; dx may be x, and without a pool dy.
template <NormActivation kActivation, bool kPool>
HWY_ATTR void InputGradient(const Blocks& blocks, const NormFactors& f, const float* x, const float* dy, float* dx,
                            Threads& threads) {
  threads.run(blocks.count(), [&](int block, int) HWY_ATTR {
    EachVector(blocks, block, [&](std::size_t i, std::size_t end, std::size_t c, std::size_t lanes) HWY_ATTR {
      const VectorFactors factors(f, c, lanes);
      const Vector slope = Read(f.slope + c, lanes), offset = Read(f.offset + c, lanes);
      const float* from = x + blocks.input_at(block, i) + c;
      const float* gradient = dy + blocks.output_at(block, i) + c;
      float* to = dx + blocks.input_at(block, i) + c;
      for (; i < end; ++i, from += blocks.step(), to += blocks.step(), gradient += blocks.channels) {
        using W = Window<kActivation, kPool>;
        const W w(blocks, from, lanes, factors);
        Vector shares[W::kValues];
        Expect(gradient);
        w.share(Read(gradient, lanes), shares);
        for (int k = 0; k < W::kValues; ++k)
          Write(hn::MulAdd(shares[k], factors.factor, hn::MulAdd(w.x[k], slope, offset)), to + blocks.value(k), lanes);
      }
    });
  });
}

/// Calls f<kActivation, kPool>(). No hard-swish goes with a pool: it is not monotonic.
template <class F>
HWY_INLINE void WithFlags(NormActivation activation, bool pool, F&& f) {
  WithActivation(activation, [&]<NormActivation kActivation>() HWY_ATTR {
    if constexpr (kActivation != NormActivation::hard_swish)
      if (pool) return f.template operator()<kActivation, true>();
    f.template operator()<kActivation, false>();
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
