// Functions of a vector of floats. Compiled once for each instruction set.
#if defined(LINEAMENT_MATH_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_MATH_INL
#undef LINEAMENT_MATH_INL
#else
#define LINEAMENT_MATH_INL
#endif

#include "kernels/common/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// exp(x), relative error below 3e-7: 2^n by the exponent bits, the rest by a polynomial (Cephes' expf). NaN stays so.
HWY_ATTR HWY_INLINE Vector Exp(Vector x) {
  const Floats d;
  const hn::RebindToSigned<Floats> di;
  x = AtMost(hn::Set(d, 88.0f), AtLeast(hn::Set(d, -87.0f), x));
  const Vector n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  Vector r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  Vector p = hn::Set(d, 1.9875691500e-4f);
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
    p = hn::MulAdd(p, r, hn::Set(d, c));
  p = hn::Add(hn::MulAdd(p, hn::Mul(r, r), r), hn::Set(d, 1.0f));
  const auto power = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, power));
}
HWY_ATTR HWY_INLINE Vector SigmoidOf(Vector x) {
  const Floats d;
  return hn::Div(hn::Set(d, 1.0f), hn::Add(hn::Set(d, 1.0f), Exp(hn::Neg(x))));
}
HWY_ATTR HWY_INLINE Vector ClampedShare(Vector x) {  // clamp(x + 3, 0, 6) / 6
  const Floats d;
  return hn::Mul(hn::Min(hn::Max(hn::Add(x, hn::Set(d, 3.0f)), hn::Zero(d)), hn::Set(d, 6.0f)), hn::Set(d, 1.0f / 6));
}
HWY_ATTR HWY_INLINE Vector HardSwishOf(Vector x) {
  return hn::Mul(x, ClampedShare(x));
}
HWY_ATTR HWY_INLINE Vector HardSwishSlope(Vector x) {  // its derivative: 0 up to -3, 1 from 3 on
  const Floats d;
  const Vector three = hn::Set(d, 3.0f), inner = hn::MulAdd(x, hn::Set(d, 1.0f / 3), hn::Set(d, 0.5f));
  const Vector upper = hn::IfThenElse(hn::Ge(x, three), hn::Set(d, 1.0f), inner);
  return hn::IfThenElseZero(hn::Gt(x, hn::Neg(three)), upper);
}

/// Relative error below 3e-7 near 0, absolute error elsewhere (Cephes' tanhf).
HWY_ATTR HWY_INLINE Vector TanhOf(Vector x) {
  const Floats d;
  const Vector one = hn::Set(d, 1.0f), z = hn::Mul(x, x);
  Vector p = hn::Set(d, -5.70498872745e-3f);
  for (const float c : {2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f})
    p = hn::MulAdd(p, z, hn::Set(d, c));
  const Vector near = hn::MulAdd(hn::Mul(p, z), x, x);
  const Vector far = hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(Exp(hn::Add(x, x)), one)));
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0.625f)), near, far);
}

/// Largest value and sum of a vector's first `count` values.
HWY_ATTR HWY_INLINE float LargestOf(Vector v, std::size_t count) {
  const Floats d;
  return hn::GetLane(hn::MaxOfLanes(d, hn::IfThenElse(hn::FirstN(d, count), v, hn::Set(d, kNothingCut))));
}
HWY_ATTR HWY_INLINE float SumOf(Vector v, std::size_t count) {
  const Floats d;
  return hn::GetLane(hn::SumOfLanes(d, hn::IfThenElseZero(hn::FirstN(d, count), v)));
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
