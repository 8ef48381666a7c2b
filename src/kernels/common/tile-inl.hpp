// The one inner loop that convolutions and dense layers share, forward and backward: a tile of a matrix product held in
// registers,
//   C[r][n] (+)= sum over segments s and steps k of  A[r*a.row + s*a.segment + k*a.step] * B[(s*length + k)*b.row + n]
// A is read value by value where it lies (pixels of an image, rows of a matrix): nothing is packed or copied. Rows of
// a convolution's window are contiguous in NHWC, so a k x k window is k segments of k*channels steps. Compiled once for
// each instruction set: no include guard in the usual sense.
#if defined(LINEAMENT_TILE_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_TILE_INL
#undef LINEAMENT_TILE_INL
#else
#define LINEAMENT_TILE_INL
#endif

#include <utility>

#include "kernels/common/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

// 32 registers hold 12 x 2 or 8 x 3 accumulators, 16 hold 6 x 2 or 4 x 3; the rest is for the operands.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMaxRows = 12;
#else
constexpr int kMaxRows = 6;
#endif

/// Memory that is read next: products prefetch it, a cache line a step, while they keep the processor busy.
class Ahead {
 public:
  static constexpr std::ptrdiff_t kLine = 16;  // floats

  void add(const float* from, std::size_t count) { runs_[count_++] = {from, from + count}; }
  /// Where the next tile begins, and how far each of its `steps` goes on: nowhere, once all has been prefetched.
  HWY_INLINE std::ptrdiff_t step() const { return at_ < count_ ? kLine : 0; }
  HWY_INLINE const float* at() const { return at_ < count_ ? runs_[at_].first : nullptr; }
  HWY_INLINE void advance(std::ptrdiff_t steps) {
    if (at_ == count_) return;
    runs_[at_].first += steps * kLine;
    if (runs_[at_].first >= runs_[at_].second) ++at_;
  }

 private:
  std::pair<const float*, const float*> runs_[3];
  int at_ = 0, count_ = 0;
};

/// One product, from the first rows and columns of A, B and C on.
struct Product {
  struct {
    const float* at = nullptr;
    std::ptrdiff_t row = 0, step = 1, segment = 0;
  } a = {};
  struct {
    const float* at = nullptr;
    std::ptrdiff_t row = 0;
  } b = {};
  int segments = 1, length = 0;
  struct {
    float* at = nullptr;
    std::ptrdiff_t row = 0;
  } c = {};
  const float* bias = nullptr;      ///< one a column, added before the ReLU
  const float* residual = nullptr;  ///< laid out like C, added before the ReLU
  bool relu = false;
  bool add = false;  ///< to what C holds, instead of overwriting it
  Ahead* ahead = nullptr;
};

template <int kRows, int kVectors, bool kPartial>
HWY_INLINE void Tile(const Product& p, const float* a, const float* b, float* c, const float* bias,
                     std::size_t columns) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t last = kPartial ? columns - (kVectors - 1) * lanes : lanes;  // columns in the last vector
  const auto mask = hn::FirstN(d, last);
  const auto load = [&](const float* from, int v) HWY_ATTR {
    return kPartial && v == kVectors - 1 ? LoadFirst(from + v * lanes, last, mask) : hn::LoadU(d, from + v * lanes);
  };
  Vector sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const Vector start = bias == nullptr ? hn::Zero(d) : load(bias, v);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) sum[r][v] = start;
  }

  const std::ptrdiff_t row = p.a.row, step = p.a.step, b_row = p.b.row;
  const float* ahead = p.ahead == nullptr ? nullptr : p.ahead->at();
  const std::ptrdiff_t ahead_step = p.ahead == nullptr ? 0 : p.ahead->step();
  for (int s = 0; s < p.segments; ++s) {
    // Rows are addressed as base + {0, 1, 2} * row: a pointer for every third row is what the registers have room for.
    const float* base[(kRows + 2) / 3];
#pragma GCC unroll 4
    for (int i = 0; i < (kRows + 2) / 3; ++i) base[i] = a + s * p.a.segment + 3 * i * row;
    for (int k = 0; k < p.length; ++k) {
      Vector bs[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) bs[v] = load(b, v);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const Vector as = hn::Set(d, base[r / 3][(r % 3) * row]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(as, bs[v], sum[r][v]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < (kRows + 2) / 3; ++i) base[i] += step;
      b += b_row;
      __builtin_prefetch(ahead, 0, 2);  // into the second-level cache; of nullptr: nothing
      ahead += ahead_step;
    }
  }
  if (p.ahead != nullptr) p.ahead->advance(std::ptrdiff_t{p.segments} * p.length);

  const float* other = p.add ? c : p.residual == nullptr ? nullptr : p.residual + (c - p.c.at);
  const Vector least = CutAt(p.relu);
  const std::ptrdiff_t c_row = p.c.row;
  if (other != nullptr) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Add(sum[r][v], load(other + r * c_row, v));
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const Vector y = AtLeast(least, sum[r][v]);
      float* to = c + r * c_row;
      if (kPartial && v == kVectors - 1) {
        StoreFirst(y, last, mask, to + v * lanes);
      } else {
        hn::StoreU(y, d, to + v * lanes);
      }
    }
}

/// As many rows as possible in the largest tiles.
template <int kVectors, bool kPartial>
HWY_INLINE void Rows(const Product& p, int rows, std::size_t column, std::size_t columns) {
  const float* a = p.a.at;
  const float* b = p.b.at + column;
  const float* bias = p.bias == nullptr ? nullptr : p.bias + column;
  float* c = p.c.at + column;
  const auto advance = [&](int n) HWY_ATTR {
    a += n * p.a.row;
    c += n * p.c.row;
    rows -= n;
  };
  constexpr int kMost = kVectors == 3 ? kMaxRows * 2 / 3 : kMaxRows;
  // What is left at the end is cut into tiles of about the same height: one row alone takes as long as four.
  if constexpr (kMost >= 12) {
    while (rows >= 12 && (rows < 13 || rows > 15)) {
      Tile<12, kVectors, kPartial>(p, a, b, c, bias, columns);
      advance(12);
    }
    if (rows == 0) return;
  }
  if constexpr (kMost >= 8) {
    while (rows == 8 || rows == 15 || (kMost == 8 && rows > 8)) {
      Tile<8, kVectors, kPartial>(p, a, b, c, bias, columns);
      advance(8);
    }
    while (rows == 7 || rows == 13 || rows == 14) {
      Tile<7, kVectors, kPartial>(p, a, b, c, bias, columns);
      advance(7);
    }
  }
  if constexpr (kMost >= 6) {
    while (rows >= 6 && rows != 7 && rows != 9) {
      Tile<6, kVectors, kPartial>(p, a, b, c, bias, columns);
      advance(6);
    }
    if (rows >= 5) {
      Tile<5, kVectors, kPartial>(p, a, b, c, bias, columns);
      advance(5);
    }
  }
  while (rows >= 4) {
    Tile<4, kVectors, kPartial>(p, a, b, c, bias, columns);
    advance(4);
  }
  if (rows == 3) {
    Tile<3, kVectors, kPartial>(p, a, b, c, bias, columns);
    advance(3);
  }
  while (rows >= 2) {
    Tile<2, kVectors, kPartial>(p, a, b, c, bias, columns);
    advance(2);
  }
  while (rows >= 1) {
    Tile<1, kVectors, kPartial>(p, a, b, c, bias, columns);
    advance(1);
  }
}

/// `rows` x `columns` of C.
inline HWY_ATTR void Multiply(const Product& p, int rows, int columns) {
  const std::size_t lanes = hn::Lanes(Floats());
  const auto total = static_cast<std::size_t>(columns);
  std::size_t n = 0;
  if (rows == 1)  // a single row needs more accumulators to hide the latency of the additions
    for (; n + 8 * lanes <= total; n += 8 * lanes)
      Tile<1, 8, false>(p, p.a.at, p.b.at + n, p.c.at + n, p.bias == nullptr ? nullptr : p.bias + n, 8 * lanes);
  // Three vectors left are better taken at once than two and one: a row's value is loaded for three products instead of
  // one.
  for (; n + 2 * lanes <= total && n + 3 * lanes != total; n += 2 * lanes) Rows<2, false>(p, rows, n, 2 * lanes);
  const std::size_t rest = total - n;
  if (rest == 0) return;
  if (rest == 3 * lanes)
    Rows<3, false>(p, rows, n, rest);
  else if (rest > lanes)
    Rows<2, true>(p, rows, n, rest);
  else if (rest == lanes)
    Rows<1, false>(p, rows, n, rest);
  else
    Rows<1, true>(p, rows, n, rest);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
