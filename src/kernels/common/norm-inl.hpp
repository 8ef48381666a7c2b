// Pixels of a batch norm's output and of the gradient with respect to its input, for those who make them themselves
// when they read them; with the activation that comes after the norm. Compiled once for each instruction set.
#if defined(LINEAMENT_NORM_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_NORM_INL
#undef LINEAMENT_NORM_INL
#else
#define LINEAMENT_NORM_INL
#endif

#include "kernels/common/math-inl.hpp"
#include "kernels/common/norm_factors.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Of a norm's value.
template <NormActivation kActivation>
HWY_ATTR HWY_INLINE Vector Activated(Vector value) {
  if constexpr (kActivation == NormActivation::relu) return AtLeast(hn::Zero(Floats()), value);
  if constexpr (kActivation == NormActivation::hard_swish) return HardSwishOf(value);
  return value;
}

/// The gradient with respect to a norm's value, from that with respect to what the activation makes of it.
template <NormActivation kActivation>
HWY_ATTR HWY_INLINE Vector ActivationGradient(Vector value, Vector gradient) {
  if constexpr (kActivation == NormActivation::relu)
    return hn::IfThenElseZero(hn::Gt(value, hn::Zero(Floats())), gradient);
  if constexpr (kActivation == NormActivation::hard_swish) return hn::Mul(gradient, HardSwishSlope(value));
  return gradient;
}

/// Calls f<activation>().
template <class F>
HWY_INLINE void WithActivation(NormActivation activation, F&& f) {
  switch (activation) {
    case NormActivation::none:
      return f.template operator()<NormActivation::none>();
    case NormActivation::relu:
      return f.template operator()<NormActivation::relu>();
    case NormActivation::hard_swish:
      return f.template operator()<NormActivation::hard_swish>();
  }
}

/// `pixels` of a batch norm's output, from as many of its input: a few at a time, whose factors stay in registers. With
/// kAdd it is added to what is there.
template <NormActivation kActivation, bool kAdd>
HWY_ATTR void NormalisePixels(const NormFactors& norm, const float* x, std::size_t pixels, std::size_t channels,
                              float* to) {
  constexpr std::size_t kPixels = 8;
  for (std::size_t i = 0; i < pixels; i += kPixels)
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      const auto mean = Read(norm.mean + c, lanes), factor = Read(norm.factor + c, lanes);
      const auto shift = Read(norm.shift + c, lanes);
      for (std::size_t k = i; k < std::min(pixels, i + kPixels); ++k) {
        Expect(x + k * channels + c);
        const auto v = hn::Sub(Read(x + k * channels + c, lanes), mean);
        auto y = Activated<kActivation>(hn::MulAdd(v, factor, shift));
        if constexpr (kAdd) y = hn::Add(y, Read(to + k * channels + c, lanes));
        Write(y, to + k * channels + c, lanes);
      }
    });
}

template <bool kAdd = false>
HWY_ATTR void NormalisePixels(const NormFactors& norm, const float* x, std::size_t pixels, std::size_t channels,
                              float* to) {
  WithActivation(norm.activation, [&]<NormActivation kActivation>()
                                      HWY_ATTR { NormalisePixels<kActivation, kAdd>(norm, x, pixels, channels, to); });
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

/// `pixels` of the gradient with respect to a batch norm's input x, from those of the gradient with respect to its
/// output.
template <NormActivation kActivation>
HWY_ATTR void NormGradientPixels(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                 std::size_t channels, float* to) {
  constexpr std::size_t kPixels = 8;
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
        gradient = ActivationGradient<kActivation>(hn::MulAdd(v, factor, shift), gradient);
        Write(hn::MulAdd(gradient, factor, hn::MulAdd(v, slope, offset)), to + k * channels + c, lanes);
      }
    });
}

inline HWY_ATTR void NormGradientPixels(const NormFactors& norm, const float* x, const float* dy, std::size_t pixels,
                                        std::size_t channels, float* to) {
  WithActivation(norm.activation, [&]<NormActivation kActivation>()
                                      HWY_ATTR { NormGradientPixels<kActivation>(norm, x, dy, pixels, channels, to); });
}

/// Multiplies `pixels`, from the batch's pixel `first` on, by their image's values, in place.
inline HWY_ATTR void GatePixels(const ImageGate& gate, std::size_t first, std::size_t pixels, std::size_t channels,
                                float* x) {
  for (const std::size_t last = first + pixels; first < last; ++first, x += channels) {
    const float* values = gate.values + first / gate.image_pixels * channels;
    EachVectorOf(channels, [&](std::size_t c, std::size_t lanes)
                               HWY_ATTR { Write(hn::Mul(Read(x + c, lanes), Read(values + c, lanes)), x + c, lanes); });
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
