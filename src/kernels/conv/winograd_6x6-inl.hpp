// The transforms of Winograd's F(6x6, 3x3) in one dimension, with the interpolation points 0, 1, -1, 2, -2, 1/2, -1/2
// and infinity. Compiled once for each instruction set.
#if defined(LINEAMENT_WINOGRAD_6X6_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WINOGRAD_6X6_INL
#undef LINEAMENT_WINOGRAD_6X6_INL
#else
#define LINEAMENT_WINOGRAD_6X6_INL
#endif

#include "kernels/conv/winograd_passes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

struct Winograd6x6 {
  /// even + odd and even - odd: values at a point and at its negative.
  static HWY_INLINE void put_pair(Vector even, Vector odd, Vector* y) {
    y[0] = hn::Add(even, odd);
    y[1] = hn::Sub(even, odd);
  }

  /// B^T: a row or column of the input.
  struct Input {
    static constexpr int kIn = 8, kOut = 8;
    static HWY_INLINE void apply(const Vector* x, Vector* y) {
      y[0] = Plus(hn::Sub(x[0], x[6]), 5.25f, hn::Sub(x[4], x[2]));
      put_pair(Plus(hn::Add(x[2], x[6]), -4.25f, x[4]), Plus(hn::Add(x[1], x[5]), -4.25f, x[3]), y + 1);
      put_pair(Plus(Plus(x[6], -1.25f, x[4]), 0.25f, x[2]), Plus(Plus(Times(0.5f, x[1]), -2.5f, x[3]), 2, x[5]), y + 3);
      put_pair(Plus(x[6], 4, Plus(x[2], -1.25f, x[4])), Plus(Plus(Times(0.5f, x[5]), -2.5f, x[3]), 2, x[1]), y + 5);
      y[7] = Plus(hn::Sub(x[7], x[1]), 5.25f, hn::Sub(x[3], x[5]));
    }
  };

  /// G: a row or column of the weights.
  struct Weight {
    static constexpr int kIn = 3, kOut = 8;
    static HWY_INLINE void apply(const Vector* w, Vector* u) {
      u[0] = w[0];
      put_pair(Times(-2.0f / 9, hn::Add(w[0], w[2])), Times(-2.0f / 9, w[1]), u + 1);
      put_pair(Times(1.0f / 90, Plus(w[0], 4, w[2])), Times(1.0f / 45, w[1]), u + 3);
      put_pair(Times(8.0f / 45, Plus(w[2], 4, w[0])), Times(16.0f / 45, w[1]), u + 5);
      u[7] = w[2];
    }
  };

  /// A^T: back to a row or column of outputs.
  struct Output {
    static constexpr int kIn = 8, kOut = 6;
    static HWY_INLINE void apply(const Vector* m, Vector* y) {
      const Vector s1 = hn::Add(m[1], m[2]), d1 = hn::Sub(m[1], m[2]);
      const Vector s2 = hn::Add(m[3], m[4]), d2 = hn::Sub(m[3], m[4]);
      const Vector s3 = hn::Add(m[5], m[6]), d3 = hn::Sub(m[5], m[6]);
      y[0] = hn::Add(hn::Add(m[0], s1), hn::Add(s2, s3));
      y[1] = Plus(Plus(d1, 2, d2), 1.0f / 2, d3);
      y[2] = Plus(Plus(s1, 4, s2), 1.0f / 4, s3);
      y[3] = Plus(Plus(d1, 8, d2), 1.0f / 8, d3);
      y[4] = Plus(Plus(s1, 16, s2), 1.0f / 16, s3);
      y[5] = hn::Add(Plus(Plus(d1, 32, d2), 1.0f / 32, d3), m[7]);
    }
  };

  /// A: a row or column of the output's gradient.
  struct Gradient {
    static constexpr int kIn = 6, kOut = 8;
    static HWY_INLINE void apply(const Vector* g, Vector* y) {
      y[0] = g[0];
      put_pair(hn::Add(hn::Add(g[0], g[2]), g[4]), hn::Add(hn::Add(g[1], g[3]), g[5]), y + 1);
      put_pair(Plus(Plus(g[0], 4, g[2]), 16, g[4]), Times(2, Plus(Plus(g[1], 4, g[3]), 16, g[5])), y + 3);
      put_pair(Plus(Plus(g[0], 1.0f / 4, g[2]), 1.0f / 16, g[4]),
               Times(1.0f / 2, Plus(Plus(g[1], 1.0f / 4, g[3]), 1.0f / 16, g[5])), y + 5);
      y[7] = g[5];
    }
  };

  /// B: back to a row or column of the input's gradient.
  struct InputGradient {
    static constexpr int kIn = 8, kOut = 8;
    static HWY_INLINE void apply(const Vector* m, Vector* x) {
      const Vector s1 = hn::Add(m[1], m[2]), d1 = hn::Sub(m[1], m[2]);
      const Vector s2 = hn::Add(m[3], m[4]), d2 = hn::Sub(m[3], m[4]);
      const Vector s3 = hn::Add(m[5], m[6]), d3 = hn::Sub(m[5], m[6]);
      x[0] = m[0];
      x[1] = Plus(Plus(hn::Sub(d1, m[7]), 0.5f, d2), 2, d3);
      x[2] = Plus(Plus(Plus(s1, 0.25f, s2), 4, s3), -5.25f, m[0]);
      x[3] = Plus(Plus(Times(5.25f, m[7]), -4.25f, d1), -2.5f, hn::Add(d2, d3));
      x[4] = Plus(Plus(Plus(Times(5.25f, m[0]), -4.25f, s1), -1.25f, s2), -5, s3);
      x[5] = Plus(Plus(Plus(d1, 2, d2), 0.5f, d3), -5.25f, m[7]);
      x[6] = hn::Add(hn::Sub(s1, m[0]), hn::Add(s2, s3));
      x[7] = m[7];
    }
  };

  /// G^T: back to a row or column of the weights' gradient.
  struct WeightGradient {
    static constexpr int kIn = 8, kOut = 3;
    static HWY_INLINE void apply(const Vector* u, Vector* w) {
      const Vector s1 = hn::Add(u[1], u[2]), d1 = hn::Sub(u[1], u[2]);
      const Vector s2 = hn::Add(u[3], u[4]), d2 = hn::Sub(u[3], u[4]);
      const Vector s3 = hn::Add(u[5], u[6]), d3 = hn::Sub(u[5], u[6]);
      w[0] = Plus(Plus(Plus(u[0], -2.0f / 9, s1), 1.0f / 90, s2), 32.0f / 45, s3);
      w[1] = Plus(Plus(Times(-2.0f / 9, d1), 1.0f / 45, d2), 16.0f / 45, d3);
      w[2] = Plus(Plus(Plus(u[7], -2.0f / 9, s1), 2.0f / 45, s2), 8.0f / 45, s3);
    }
  };
};

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
