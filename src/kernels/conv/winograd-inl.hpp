// The transforms of Winograd's F(4x4, 3x3) with the interpolation points 0, 1, -1, 2, -2 and infinity, in one
// dimension, and what makes two dimensions of one. Compiled once for each instruction set.
#if defined(LINEAMENT_WINOGRAD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_INL
#undef LINEAMENT_WINOGRAD_INL
#else
#define LINEAMENT_WINOGRAD_INL
#endif

#include "kernels/common/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// a + factor * b
HWY_INLINE Vector Plus(Vector a, float factor, Vector b) {
  return hn::MulAdd(hn::Set(Floats(), factor), b, a);
}

/// B^T: a row or column of the input.
struct InputTransform {
  static constexpr int kIn = 6, kOut = 6;
  static HWY_INLINE void apply(const Vector* x, int step, Vector* y, int out) {
    const Vector a = Plus(x[4 * step], -4, x[2 * step]), b = Plus(x[3 * step], -4, x[step]);
    const Vector c = hn::Sub(x[4 * step], x[2 * step]), e = hn::Sub(x[3 * step], x[step]);
    y[0] = Plus(Plus(x[4 * step], -5, x[2 * step]), 4, x[0]);
    y[out] = hn::Add(a, b);
    y[2 * out] = hn::Sub(a, b);
    y[3 * out] = Plus(c, 2, e);
    y[4 * out] = Plus(c, -2, e);
    y[5 * out] = Plus(Plus(x[5 * step], -5, x[3 * step]), 4, x[step]);
  }
};

/// G: a row or column of the weights.
struct WeightTransform {
  static constexpr int kIn = 3, kOut = 6;
  static HWY_INLINE void apply(const Vector* w, int step, Vector* u, int out) {
    const Floats d;
    const Vector outer = hn::Add(w[0], w[2 * step]), wide = Plus(w[0], 4, w[2 * step]);
    u[0] = hn::Mul(hn::Set(d, 1.0f / 4), w[0]);
    u[out] = hn::Mul(hn::Set(d, -1.0f / 6), hn::Add(outer, w[step]));
    u[2 * out] = hn::Mul(hn::Set(d, -1.0f / 6), hn::Sub(outer, w[step]));
    u[3 * out] = hn::Mul(hn::Set(d, 1.0f / 24), Plus(wide, 2, w[step]));
    u[4 * out] = hn::Mul(hn::Set(d, 1.0f / 24), Plus(wide, -2, w[step]));
    u[5 * out] = w[2 * step];
  }
};

/// A^T: back to a row or column of outputs.
struct OutputTransform {
  static constexpr int kIn = 6, kOut = 4;
  static HWY_INLINE void apply(const Vector* m, int step, Vector* y, int out) {
    const Vector s1 = hn::Add(m[step], m[2 * step]), d1 = hn::Sub(m[step], m[2 * step]);
    const Vector s2 = hn::Add(m[3 * step], m[4 * step]), d2 = hn::Sub(m[3 * step], m[4 * step]);
    y[0] = hn::Add(hn::Add(m[0], s1), s2);
    y[out] = Plus(d1, 2, d2);
    y[2 * out] = Plus(s1, 4, s2);
    y[3 * out] = hn::Add(Plus(d1, 8, d2), m[5 * step]);
  }
};

/// A: a row or column of the output's gradient.
struct GradientTransform {
  static constexpr int kIn = 4, kOut = 6;
  static HWY_INLINE void apply(const Vector* g, int step, Vector* y, int out) {
    const Vector even = hn::Add(g[0], g[2 * step]), odd = hn::Add(g[step], g[3 * step]);
    const Vector wide_even = Plus(g[0], 4, g[2 * step]), wide_odd = Plus(g[step], 4, g[3 * step]);
    y[0] = g[0];
    y[out] = hn::Add(even, odd);
    y[2 * out] = hn::Sub(even, odd);
    y[3 * out] = Plus(wide_even, 2, wide_odd);
    y[4 * out] = Plus(wide_even, -2, wide_odd);
    y[5 * out] = g[3 * step];
  }
};

/// B: back to a row or column of the input's gradient.
struct InputGradientTransform {
  static constexpr int kIn = 6, kOut = 6;
  static HWY_INLINE void apply(const Vector* m, int step, Vector* x, int out) {
    const Vector s1 = hn::Add(m[step], m[2 * step]), d1 = hn::Sub(m[step], m[2 * step]);
    const Vector s2 = hn::Add(m[3 * step], m[4 * step]), d2 = hn::Sub(m[3 * step], m[4 * step]);
    const Vector four = hn::Set(Floats(), 4);
    x[0] = hn::Mul(four, m[0]);
    x[out] = Plus(hn::Mul(four, hn::Sub(m[5 * step], d1)), -2, d2);
    x[2 * out] = Plus(Plus(hn::Neg(s2), -4, s1), -5, m[0]);
    x[3 * out] = Plus(Plus(d1, 2, d2), -5, m[5 * step]);
    x[4 * out] = hn::Add(hn::Add(m[0], s1), s2);
    x[5 * out] = m[5 * step];
  }
};

/// G^T: back to a row or column of the weights' gradient.
struct WeightGradientTransform {
  static constexpr int kIn = 6, kOut = 3;
  static HWY_INLINE void apply(const Vector* u, int step, Vector* w, int out) {
    const Floats d;
    const Vector s1 = hn::Add(u[step], u[2 * step]), d1 = hn::Sub(u[2 * step], u[step]);
    const Vector s2 = hn::Add(u[3 * step], u[4 * step]), d2 = hn::Sub(u[3 * step], u[4 * step]);
    const Vector sixth = hn::Set(d, 1.0f / 6);
    w[0] = Plus(Plus(hn::Mul(hn::Set(d, 1.0f / 4), u[0]), -1.0f / 6, s1), 1.0f / 24, s2);
    w[out] = Plus(hn::Mul(sixth, d1), 1.0f / 12, d2);
    w[2 * out] = hn::MulAdd(sixth, hn::Sub(s2, s1), u[5 * step]);
  }
};

/// T x T^T: the columns of {kIn, kIn} first, then the rows, to {kOut, kOut}.
template <class T>
HWY_INLINE void Sandwich(const Vector* HWY_RESTRICT in, Vector* HWY_RESTRICT out) {
  Vector half[T::kOut * T::kIn];
#pragma GCC unroll 6
  for (int c = 0; c < T::kIn; ++c) T::apply(in + c, T::kIn, half + c, T::kIn);
#pragma GCC unroll 6
  for (int r = 0; r < T::kOut; ++r) T::apply(half + r * T::kIn, 1, out + r * T::kOut, 1);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
