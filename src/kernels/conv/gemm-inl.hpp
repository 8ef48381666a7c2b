// What the kernels of dense layers share. One sample is a row of inputs times the weights, as floats or bfloat16:
// reading the weights is what takes the time, so the rows of inputs that are zero, a third to a half of them after a
// ReLU, are left out where that is faster. Compiled once for each instruction set.
#if defined(LINEAMENT_GEMM_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_GEMM_INL
#undef LINEAMENT_GEMM_INL
#else
#define LINEAMENT_GEMM_INL
#endif

#include <cstdint>
#include <cstring>

#include "kernels/common/sums-inl.hpp"
#include "kernels/common/tile-inl.hpp"
#include "kernels/conv/gemm_plan.hpp"
#include "kernels/conv/row_reading.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// As for floats, from bfloat16.
HWY_INLINE Vector Read(const std::uint16_t* from, std::size_t count) {
  const Floats d;
  const hn::Rebind<std::uint16_t, Floats> halves;
  const hn::Rebind<std::uint32_t, Floats> whole;
  if (count == hn::Lanes(d)) return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, hn::LoadU(halves, from))));
  HWY_ALIGN std::uint16_t values[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(values, from, count * sizeof(std::uint16_t));
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(whole, hn::Load(halves, values))));
}

/// The inputs that are not zero, and the rows of the weights they belong to.
class Present {
 public:
  static constexpr int kMost = 1024;  ///< inputs: their values and rows, 8 KB, stay in any first-level cache

  /// Looks through x[0 ... in - 1].
  HWY_ATTR Present(const float* x, int in) {
    const Floats d;
    const hn::RebindToSigned<Floats> di;
    const int lanes = static_cast<int>(hn::Lanes(d));
    int i = 0;
    for (; i + lanes <= in; i += lanes) {
      const Vector values = hn::LoadU(d, x + i);
      const auto present = hn::Not(hn::Eq(values, hn::Zero(d)));  // Ne leaves NaN out
      hn::StoreU(hn::Compress(values, present), d, values_ + count_);
      hn::StoreU(hn::Compress(hn::Iota(di, i), hn::RebindMask(di, present)), di, rows_ + count_);
      count_ += static_cast<int>(hn::CountTrue(d, present));
    }
    for (; i < in; ++i)
      if (x[i] != 0) {
        values_[count_] = x[i];
        rows_[count_++] = i;
      }
  }

  int count() const { return count_; }
  float value(int i) const { return values_[i]; }
  std::size_t row(int i) const { return static_cast<std::size_t>(rows_[i]); }

 private:
  static constexpr int kSpace = kMost + HWY_MAX_BYTES / sizeof(float);
  int count_ = 0;
  float values_[kSpace];
  std::int32_t rows_[kSpace];
};

/// All inputs, as Present gives those that are not zero.
class Every {
 public:
  Every(const float* x, int in) : x_(x), in_(in) {}

  int count() const { return in_; }
  float value(int i) const { return x_[i]; }
  std::size_t row(int i) const { return static_cast<std::size_t>(i); }

 private:
  const float* x_;
  int in_;
};

// The ways of RowReading: which inputs, how many rows ahead are prefetched, and into which cache. `Every` has rows by
// computing them: with the same numbers from a list a Zen 4 reads at half the speed. 16 rows ahead are for a
// Zen 5, where 48 and 128 were slower; 32, into the second-level cache, are for a Zen 4 (docs/decisions/011).
struct PresentNear {
  using Inputs = Present;
  static constexpr int kAhead = 16, kInto = 3;  // the first-level cache
};
struct PresentFar {
  using Inputs = Present;
  static constexpr int kAhead = 32, kInto = 2;  // the second-level cache
};
struct InOrder {
  using Inputs = Every;
  static constexpr int kAhead = 16, kInto = 3;
};

/// Adds inputs first ... first + kRows - 1 times their rows of weights to y. Rows are read from end to end.
template <class How, int kRows, class W>
HWY_INLINE void AddRows(const typename How::Inputs& x, int first, const W* w, std::size_t out, float* y) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr int kAhead = How::kAhead / 4;  // rows here are longer
  Vector factor[kRows];
  const W *from[kRows], *next[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    factor[r] = hn::Set(d, x.value(first + r));
    from[r] = w + x.row(first + r) * out;
    next[r] = w + x.row(std::min(first + kAhead + r, x.count() - 1)) * out;
  }
  const auto add = [&](std::size_t n, std::size_t count, Vector sum) HWY_ATTR {
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      __builtin_prefetch(next[r] + n, 0, How::kInto);
      sum = hn::MulAdd(factor[r], Read(from[r] + n, count), sum);
    }
    return sum;
  };
  std::size_t n = 0;
  for (; n + lanes <= out; n += lanes) Write(add(n, lanes, Read(y + n, lanes)), y + n, lanes);
  if (n < out) Write(add(n, out - n, Read(y + n, out - n)), y + n, out - n);
}

/// Adds all inputs times kVectors vectors of columns of the weights, the last of `last` columns, to y.
template <class How, int kVectors, class W>
HWY_INLINE void AddColumns(const typename How::Inputs& x, const W* w, std::size_t out, std::size_t last, float* y) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t kLine = 64;  // bytes: of a cache line
  const auto columns = [&](int v) { return v == kVectors - 1 ? last : lanes; };
  Vector sum[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) sum[v] = Read(y + v * lanes, columns(v));
  for (int i = 0; i < x.count(); ++i) {
    const Vector factor = hn::Set(d, x.value(i));
    const W *from = w + x.row(i) * out, *next = w + x.row(std::min(i + How::kAhead, x.count() - 1)) * out;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      if (v * lanes * sizeof(W) % kLine == 0) __builtin_prefetch(next + v * lanes, 0, How::kInto);
      sum[v] = hn::MulAdd(factor, Read(from + v * lanes, columns(v)), sum[v]);
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) Write(sum[v], y + v * lanes, columns(v));
}

/// Columns up to which a vector or eight of them at a time go through all inputs, their sums in registers: rows are too
/// short to be read from end to end. Eight vectors of AVX-512, as `reference` has; nobody has looked for the best.
constexpr std::size_t kFewColumns = 128;

/// y = one row of `in` inputs times the weights.
template <class How, class W>
HWY_INLINE void MultiplyRow(const float* x, const W* w, int in, std::size_t out, float* y) {
  const std::size_t lanes = hn::Lanes(Floats());
  std::fill_n(y, out, 0.0f);
  for (int first = 0; first < in; first += Present::kMost) {
    const typename How::Inputs inputs(x + first, std::min(Present::kMost, in - first));
    const W* rows = w + static_cast<std::size_t>(first) * out;
    if (out > kFewColumns) {
      constexpr int kRows = 4;  // share one load and one store of y; eight were no faster (docs/decisions/011)
      int i = 0;
      for (; i + kRows <= inputs.count(); i += kRows) AddRows<How, kRows>(inputs, i, rows, out, y);
      for (; i < inputs.count(); ++i) AddRows<How, 1>(inputs, i, rows, out, y);
    } else {
      std::size_t n = 0;
      for (; n + 8 * lanes <= out; n += 8 * lanes) AddColumns<How, 8>(inputs, rows + n, out, lanes, y + n);
      for (; n < out; n += lanes) AddColumns<How, 1>(inputs, rows + n, out, std::min(lanes, out - n), y + n);
    }
  }
}
template <class W>
HWY_INLINE void MultiplyRow(RowReading how, const float* x, const W* w, int in, std::size_t out, float* y) {
  switch (how) {
    case RowReading::near:
      return MultiplyRow<PresentNear>(x, w, in, out, y);
    case RowReading::far:
      return MultiplyRow<PresentFar>(x, w, in, out, y);
    case RowReading::every:
      return MultiplyRow<InOrder>(x, w, in, out, y);
  }
}

/// y = bias + the parts' sums in order, then the epilogue's ReLU.
inline HWY_ATTR void SumParts(const GemmPlan& p, const ConvForward& f) {
  const auto out = static_cast<std::size_t>(p.out);
  for (int row = 0; row < p.batch; ++row) {
    float* to = f.y + static_cast<std::size_t>(row) * out;
    if (f.bias == nullptr)
      std::fill_n(to, out, 0.0f);
    else
      std::copy_n(f.bias, out, to);
  }
  AddParts(as<float>(f.scratch), p.parts(), p.size(), p.size(), f.y, *f.threads);
  if (f.epilogue.relu)
    EachVectorOf(p.size(), [&](std::size_t i, std::size_t lanes)
                               HWY_ATTR { Write(AtLeast(hn::Zero(Floats()), Read(f.y + i, lanes)), f.y + i, lanes); });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
