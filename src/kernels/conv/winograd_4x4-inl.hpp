// The transforms of Winograd's F(4x4, 3x3) in one dimension, with the interpolation points 0, 1, -1, 2, -2 and
// infinity. Compiled once for each instruction set.
#if defined(LINEAMENT_WINOGRAD_4X4_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_4X4_INL
#undef LINEAMENT_WINOGRAD_4X4_INL
#else
#define LINEAMENT_WINOGRAD_4X4_INL
#endif

#include "kernels/conv/winograd_passes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

struct Winograd4x4 {
  /// B^T: a row or column of the input.
  struct Input {
    static constexpr int kIn = 6, kOut = 6;
    static HWY_INLINE void apply(const Vector* x, Vector* y) {
      const Vector a = Plus(x[4], -4, x[2]), b = Plus(x[3], -4, x[1]);
      const Vector c = hn::Sub(x[4], x[2]), e = hn::Sub(x[3], x[1]);
      y[0] = Plus(Plus(x[4], -5, x[2]), 4, x[0]);
      y[1] = hn::Add(a, b);
      y[2] = hn::Sub(a, b);
      y[3] = Plus(c, 2, e);
      y[4] = Plus(c, -2, e);
      y[5] = Plus(Plus(x[5], -5, x[3]), 4, x[1]);
    }
  };

  /// G: a row or column of the weights.
  struct Weight {
    static constexpr int kIn = 3, kOut = 6;
    static HWY_INLINE void apply(const Vector* w, Vector* u) {
      const Vector outer = hn::Add(w[0], w[2]), wide = Plus(w[0], 4, w[2]);
      u[0] = Times(1.0f / 4, w[0]);
      u[1] = Times(-1.0f / 6, hn::Add(outer, w[1]));
      u[2] = Times(-1.0f / 6, hn::Sub(outer, w[1]));
      u[3] = Times(1.0f / 24, Plus(wide, 2, w[1]));
      u[4] = Times(1.0f / 24, Plus(wide, -2, w[1]));
      u[5] = w[2];
    }
  };

  /// A^T: back to a row or column of outputs.
  struct Output {
    static constexpr int kIn = 6, kOut = 4;
    static HWY_INLINE void apply(const Vector* m, Vector* y) {
      const Vector s1 = hn::Add(m[1], m[2]), d1 = hn::Sub(m[1], m[2]);
      const Vector s2 = hn::Add(m[3], m[4]), d2 = hn::Sub(m[3], m[4]);
      y[0] = hn::Add(hn::Add(m[0], s1), s2);
      y[1] = Plus(d1, 2, d2);
      y[2] = Plus(s1, 4, s2);
      y[3] = hn::Add(Plus(d1, 8, d2), m[5]);
    }
  };

  /// A: a row or column of the output's gradient.
  struct Gradient {
    static constexpr int kIn = 4, kOut = 6;
    static HWY_INLINE void apply(const Vector* g, Vector* y) {
      const Vector even = hn::Add(g[0], g[2]), odd = hn::Add(g[1], g[3]);
      const Vector wide_even = Plus(g[0], 4, g[2]), wide_odd = Plus(g[1], 4, g[3]);
      y[0] = g[0];
      y[1] = hn::Add(even, odd);
      y[2] = hn::Sub(even, odd);
      y[3] = Plus(wide_even, 2, wide_odd);
      y[4] = Plus(wide_even, -2, wide_odd);
      y[5] = g[3];
    }
  };

  /// B: back to a row or column of the input's gradient.
  struct InputGradient {
    static constexpr int kIn = 6, kOut = 6;
    static HWY_INLINE void apply(const Vector* m, Vector* x) {
      const Vector s1 = hn::Add(m[1], m[2]), d1 = hn::Sub(m[1], m[2]);
      const Vector s2 = hn::Add(m[3], m[4]), d2 = hn::Sub(m[3], m[4]);
      x[0] = Times(4, m[0]);
      x[1] = Plus(Times(4, hn::Sub(m[5], d1)), -2, d2);
      x[2] = Plus(Plus(hn::Neg(s2), -4, s1), -5, m[0]);
      x[3] = Plus(Plus(d1, 2, d2), -5, m[5]);
      x[4] = hn::Add(hn::Add(m[0], s1), s2);
      x[5] = m[5];
    }
  };

  /// G^T: back to a row or column of the weights' gradient.
  struct WeightGradient {
    static constexpr int kIn = 6, kOut = 3;
    static HWY_INLINE void apply(const Vector* u, Vector* w) {
      const Vector s1 = hn::Add(u[1], u[2]), d1 = hn::Sub(u[2], u[1]);
      const Vector s2 = hn::Add(u[3], u[4]), d2 = hn::Sub(u[3], u[4]);
      w[0] = Plus(Plus(Times(1.0f / 4, u[0]), -1.0f / 6, s1), 1.0f / 24, s2);
      w[1] = Plus(Times(1.0f / 6, d1), 1.0f / 12, d2);
      w[2] = Plus(u[5], 1.0f / 6, hn::Sub(s2, s1));
    }
  };
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
