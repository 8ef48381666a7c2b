// A matrix product of words, and what becomes of its sums,
//   C[r][n] = scale[n] * (sum over segments s and steps k of  A[r*a.row + s*a.segment + k] . B[(s*length + k)][n]) +
//   offset[n]
// A and B are words of 32 bits: four channels of int8 or two of bfloat16, and "." adds up their products. B lies in
// groups of kColumns, so that its layout is the same for every instruction set. Compiled once for each.
#if defined(LINEAMENT_WORD_PRODUCT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WORD_PRODUCT_INL
#undef LINEAMENT_WORD_PRODUCT_INL
#else
#define LINEAMENT_WORD_PRODUCT_INL
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/common/bytes-inl.hpp"
#include "kernels/common/bytes.hpp"
#include "kernels/common/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

struct WordProduct {
  struct {
    const std::uint32_t* at = nullptr;
    std::ptrdiff_t row = 0, segment = 0;
    std::ptrdiff_t low = 0;  ///< see Numbers::split
  } a = {};
  struct {
    const std::uint32_t* at = nullptr;  ///< of the first group
    std::ptrdiff_t group = 0, low = 0;
  } b = {};
  int segments = 1, length = 0;
  float* c = nullptr;
  Bytes bytes = {};  ///< where C is written instead, rounded; none: floats
  std::ptrdiff_t c_row = 0;
  const float *scale = nullptr, *offset = nullptr;  ///< one a column, as many as whole groups have
  const float* residual = nullptr;                  ///< laid out like C, added before the ReLU; nullptr: none
  bool relu = false;
  bool hard_swish = false;  ///< where the ReLU would be

  /// C and what is laid out like it, from another value on.
  void move_c(std::ptrdiff_t values) {
    if (bytes)
      bytes.data += values;
    else
      c += values;
    if (residual != nullptr) residual += values;
  }
};

/// Writes kRows x kVectors vectors of C from sum(row, vector), which are floats. `at`: of the first value in C. kBytes:
/// bytes are written.
template <int kRows, int kVectors, bool kBytes, class Sum>
HWY_INLINE void FinishWords(const WordProduct& p, Sum sum, std::ptrdiff_t at, int column, int columns) {
  const Floats d;
  constexpr int kLanes = static_cast<int>(HWY_LANES(float));
  hn::Vec<Floats> scale[kVectors], offset[kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    scale[v] = hn::LoadU(d, p.scale + column + v * kLanes);
    offset[v] = hn::LoadU(d, p.offset + column + v * kLanes);
  }
  const auto finished = [&](int r, int v) HWY_ATTR {
    const int rest = columns - v * kLanes;
    auto y = hn::MulAdd(sum(r, v), scale[v], offset[v]);
    if (p.residual != nullptr) {
      const float* other = p.residual + at + r * p.c_row + v * kLanes;
      y = hn::Add(y, Read(other, static_cast<std::size_t>(std::min(rest, kLanes))));
    }
    return p.hard_swish ? HardSwishOf(y) : y;
  };
  const ToBytes to_bytes(p.bytes.scale, p.relu);
  if (kBytes && kVectors == 2 && columns > kLanes) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r += 2) {
      const int next = std::min(r + 1, kRows - 1);  // the last of an odd number is written twice
      const hn::Vec<Floats> values[4] = {finished(r, 0), finished(r, 1 % kVectors), finished(next, 0),
                                         finished(next, 1 % kVectors)};
      std::uint8_t *to = p.bytes.data + at + r * p.c_row, *to_next = to + (next - r) * p.c_row;
      if (columns >= 2 * kLanes)
        to_bytes.store(values, to, to_next);
      else
        to_bytes.store(values, static_cast<std::size_t>(columns), to, to_next);
    }
    return;
  }
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    const int rest = columns - v * kLanes;
    if (rest <= 0) break;
    const auto mask = hn::FirstN(d, static_cast<std::size_t>(std::min(rest, kLanes)));
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const std::ptrdiff_t place = at + r * p.c_row + v * kLanes;
      auto y = finished(r, v);
      if (kBytes) {
        to_bytes.store(y, static_cast<std::size_t>(rest), p.bytes.data + place);
        continue;
      }
      if (p.relu) y = AtLeast(hn::Zero(d), y);
      if (rest >= kLanes)
        hn::StoreU(y, d, p.c + place);
      else
        StoreFirst(y, static_cast<std::size_t>(rest), mask, p.c + place);
    }
  }
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
