// The inner loop of convolutions with short products: a tile of a WordProduct held in registers, or in those of AMX
// (amx-inl.hpp). Compiled once for each instruction set.
#if defined(LINEAMENT_WORDS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WORDS_INL
#undef LINEAMENT_WORDS_INL
#else
#define LINEAMENT_WORDS_INL
#endif

#include <array>
#include <cstdint>
#include <utility>

#include "kernels/common/amx-inl.hpp"
#include "kernels/common/matrix.hpp"
#include "kernels/common/word_dots-inl.hpp"
#include "kernels/common/word_product-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// The sums of kRows x kGroups groups of columns in registers. The arguments are those of FinishWords.
template <class Dot, int kRows, int kGroups, bool kBytes>
HWY_ATTR void WordTile(const WordProduct& p, const std::uint32_t* a, const std::uint32_t* b, std::ptrdiff_t at,
                       int column, int columns) {
  constexpr int kLanes = static_cast<int>(HWY_LANES(float)), kInGroup = kColumns / kLanes,
                kVectors = kGroups * kInGroup;
  typename Dot::Sum sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sum[r][v] = Dot::Zero();

  const std::ptrdiff_t row = p.a.row, group = p.b.group;
  for (int s = 0; s < p.segments; ++s) {
    // Rows are addressed as base + {0, 1, 2} * row: a pointer for every third row is what the registers have room for.
    const std::uint32_t* base[(kRows + 2) / 3];
#pragma GCC unroll 4
    for (int i = 0; i < (kRows + 2) / 3; ++i) base[i] = a + s * p.a.segment + 3 * i * row;
    for (int k = 0; k < p.length; ++k, b += kColumns) {
      decltype(Dot::Weights(b)) ws[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) ws[v] = Dot::Weights(b + (v / kInGroup) * group + v % kInGroup * kLanes);
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const auto as = Dot::Activations(base[r / 3][(r % 3) * row]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sum[r][v] = Dot::Add(as, ws[v], sum[r][v]);
      }
#pragma GCC unroll 4
      for (int i = 0; i < (kRows + 2) / 3; ++i) ++base[i];
    }
  }

  FinishWords<kRows, kVectors, kBytes>(
      p, [&](int r, int v) HWY_ATTR { return Dot::ToFloat(sum[r][v]); }, at, column, columns);
}

/// `rows` x `columns` of C, beginning at column `first` of a group.
template <class Dot, int kGroups>
HWY_INLINE void WordRows(const WordProduct& p, int rows, int first, int columns) {
  using Function = void (*)(const WordProduct&, const std::uint32_t*, const std::uint32_t*, std::ptrdiff_t, int, int);
  static constexpr auto kTiles = []<int... kRows>(std::integer_sequence<int, kRows...>) {
    return std::array<std::array<Function, sizeof...(kRows)>, 2>{
        {{WordTile<Dot, kRows + 1, kGroups, false>...}, {WordTile<Dot, kRows + 1, kGroups, true>...}}};
  }
  (std::make_integer_sequence<int, Dot::kRows>());
  const auto& own_tiles = kTiles[p.bytes ? 1 : 0];
  const std::uint32_t* b = p.b.at + first / kColumns * p.b.group;
  // Tiles of about equal size: the last one would otherwise be too small to hide the latency of its sums.
  const int tiles = (rows + Dot::kRows - 1) / Dot::kRows;
  for (int t = 0, r = 0; t < tiles; ++t) {
    const int count = (rows - r + tiles - t - 1) / (tiles - t);
    own_tiles[static_cast<std::size_t>(count - 1)](p, p.a.at + r * p.a.row, b, r * p.c_row + first, first, columns);
    r += count;
  }
}

template <class Dot>
HWY_ATTR void MultiplyVectors(const WordProduct& p, int rows, int first, int columns) {
  int n = 0;
  if constexpr (Dot::kGroups == 2)
    for (; columns - n > kColumns; n += 2 * kColumns) WordRows<Dot, 2>(p, rows, first + n, columns - n);
  for (; n < columns; n += kColumns) WordRows<Dot, 1>(p, rows, first + n, columns - n);
}

/// While the thread has Dot::Registers for as many rows.
template <class Dot>
HWY_ATTR void MultiplyWords(const WordProduct& p, int rows, int first, int columns) {
#if LINEAMENT_AMX
  if constexpr (Dot::kAmx)
    MultiplyAmx<Dot>(p, rows, first, columns);
  else
#endif
    MultiplyVectors<Dot>(p, rows, first, columns);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
