// Weights in panels whose last columns lie otherwise: where they are a half or a quarter of a vector, 2 or 4 steps of
// them fill one, and so many neighbouring values of A are multiplied at once. A tile of one vector, most of it empty,
// would take as long for each step. And one whole vector that is left over goes with the two before it. Compiled once
// for each instruction set: no include guard in the usual sense.
#if defined(LINEAMENT_TAIL_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_TAIL_INL
#undef LINEAMENT_TAIL_INL
#else
#define LINEAMENT_TAIL_INL
#endif

#include <cstring>

#include "kernels/common/panels-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// How columns are shared out: panels to `pairs`, three vectors that would leave one over to `whole`, the tail.
struct PanelsAndTail {
  int columns, whole, pairs;
  int steps = 1;  ///< of the tail that fill a vector; 1: there is none, what fills no vector is in the last panel

  HWY_INLINE PanelsAndTail(int length, int out) : columns(out), whole(out) {
    const int lanes = static_cast<int>(hn::Lanes(Floats())), rest = out % lanes;
    for (const int s : {2, 4})
      if (rest * s == lanes && length % s == 0) steps = s, whole = out - rest;
    const bool odd = whole % (2 * lanes) == lanes && whole > 3 * lanes;
    pairs = odd ? whole - 3 * lanes : whole;
  }
};

/// {columns of the panels}, {three vectors}, {length / steps, tail, steps}.
inline HWY_ATTR void PackPanelsAndTail(const Matrix& w, float* to) {
  const PanelsAndTail p(w.rows, w.columns);
  PackPanels({w.at, w.rows, p.pairs, w.row, w.column}, to);
  to += std::ptrdiff_t{w.rows} * p.pairs;
  PackPanels({w.at + p.pairs * w.column, w.rows, p.whole - p.pairs, w.row, w.column}, to);
  to += std::ptrdiff_t{w.rows} * (p.whole - p.pairs);
  if (p.whole == p.columns) return;
  for (int i = 0; i < w.rows; i += p.steps)
    for (int o = p.whole; o < p.columns; ++o)
      for (int s = 0; s < p.steps; ++s) *to++ = w.at[(i + s) * w.row + o * w.column];
}

#if HWY_TARGET != HWY_SCALAR
/// Values of kSteps neighbours, again and again.
template <int kSteps>
HWY_INLINE Vector RepeatSteps(const float* from) {
  const Floats d;
  if constexpr (kSteps == 4) return hn::LoadDup128(d, from);
  double pair;
  std::memcpy(&pair, from, sizeof(pair));
  return hn::BitCast(d, hn::Set(hn::Repartition<double, Floats>(), pair));
}
/// Sums of kSteps neighbours: the first lanes.
template <int kSteps>
HWY_INLINE Vector SumSteps(Vector v) {
  const Floats d;
  v = hn::Add(v, hn::Shuffle2301(v));
  v = hn::ConcatEven(d, v, v);
  return kSteps == 4 ? SumSteps<2>(v) : v;
}

/// kRows rows of the tail. A's steps are neighbours.
template <int kSteps, int kRows>
HWY_INLINE void TailTile(const Product& m, const float* a, float* c, std::size_t columns) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vector sums[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) sums[r] = hn::Zero(d);
  const std::ptrdiff_t row = m.a.row;
  const float* base[(kRows + 2) / 3];  // as in Tile
#pragma GCC unroll 4
  for (int i = 0; i < (kRows + 2) / 3; ++i) base[i] = a + 3 * i * row;
  const float* b = m.b.at;
  for (int k = 0; k < m.length; k += kSteps, b += lanes) {
    const Vector weights = hn::LoadU(d, b);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r)
      sums[r] = hn::MulAdd(RepeatSteps<kSteps>(base[r / 3] + (r % 3) * row), weights, sums[r]);
#pragma GCC unroll 4
    for (int i = 0; i < (kRows + 2) / 3; ++i) base[i] += kSteps;
  }
  const auto mask = hn::FirstN(d, columns);
  const Vector bias = m.bias == nullptr ? hn::Zero(d) : LoadFirst(m.bias, columns, mask), least = CutAt(m.relu);
  const float* residual = m.residual == nullptr ? nullptr : m.residual + (c - m.c.at);
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
    Vector y = hn::Add(SumSteps<kSteps>(sums[r]), bias);
    if (residual != nullptr) y = hn::Add(y, LoadFirst(residual + r * m.c.row, columns, mask));
    StoreFirst(AtLeast(least, y), columns, mask, c + r * m.c.row);
  }
}

/// All rows of the tail, at which B, C, bias and residual of `m` begin.
template <int kSteps>
HWY_INLINE void MultiplyTail(const Product& m, int rows, std::size_t columns) {
  const float* a = m.a.at;
  float* c = m.c.at;
  const auto advance = [&](int n) HWY_ATTR {
    a += n * m.a.row;
    c += n * m.c.row;
    rows -= n;
  };
  while (rows >= 12) {
    TailTile<kSteps, 12>(m, a, c, columns);
    advance(12);
  }
  while (rows >= 4) {
    TailTile<kSteps, 4>(m, a, c, columns);
    advance(4);
  }
  while (rows >= 1) {
    TailTile<kSteps, 1>(m, a, c, columns);
    advance(1);
  }
}
#endif

/// From a column of the product on.
HWY_INLINE Product FromColumn(Product m, int column) {
  m.b.at += std::ptrdiff_t{column} * m.length;
  m.c.at += column;
  if (m.bias != nullptr) m.bias += column;
  if (m.residual != nullptr) m.residual += column;
  return m;
}

/// `rows` of a product with weights of PackPanelsAndTail, overwriting C. A's steps are neighbours.
inline HWY_ATTR void MultiplyPanelsAndTail(const Product& m, int rows, int columns) {
  const PanelsAndTail p(m.length, columns);
  MultiplyPanels(m, rows, p.pairs, {0, PanelCount(p.pairs)});
  const int three = p.whole - p.pairs;
  if (three > 0) MultiplyPanels(FromColumn(m, p.pairs), rows, three, {0, PanelCount(three)});
#if HWY_TARGET != HWY_SCALAR
  if (p.steps == 2) MultiplyTail<2>(FromColumn(m, p.whole), rows, static_cast<std::size_t>(p.columns - p.whole));
  if (p.steps == 4) MultiplyTail<4>(FromColumn(m, p.whole), rows, static_cast<std::size_t>(p.columns - p.whole));
#endif
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
