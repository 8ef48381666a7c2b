// The inner loop of convolutions with short products: a tile of a matrix product held in registers,
//   C[r][n] = scale[n] * (sum over segments s and steps k of  A[r*a.row + s*a.segment + k] . B[(s*length + k)][n]) +
//   offset[n]
// A and B are words of 32 bits: four channels of int8 or two of bfloat16, and "." adds up their products. B lies in
// groups of kColumns, so that its layout is the same for every instruction set. Compiled once for each.
#if defined(LINEAMENT_WORDS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WORDS_INL
#undef LINEAMENT_WORDS_INL
#else
#define LINEAMENT_WORDS_INL
#endif

#include <array>
#include <cstdint>
#include <utility>

#include "kernels/common/bytes-inl.hpp"
#include "kernels/common/bytes.hpp"
#include "kernels/common/math-inl.hpp"
#include "kernels/common/matrix.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

struct WordProduct {
  struct {
    const std::uint32_t* at = nullptr;
    std::ptrdiff_t row = 0, segment = 0;
  } a = {};
  struct {
    const std::uint32_t* at = nullptr;  ///< of the first group
    std::ptrdiff_t group = 0;
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

using Words = hn::ScalableTag<std::uint32_t>;
using Ints = hn::ScalableTag<std::int32_t>;

// LINEAMENT_INT8_DOT: bytes are multiplied and added up in one instruction; LINEAMENT_BF16_DOT: bfloat16 are.
#undef LINEAMENT_INT8_DOT
#undef LINEAMENT_BF16_DOT
#define LINEAMENT_INT8_DOT ((HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2) || (HWY_ARCH_ARM_A64 && HWY_TARGET != HWY_SCALAR))
#define LINEAMENT_BF16_DOT (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)

#if LINEAMENT_INT8_DOT
// In assembler, because the instruction sets that Highway knows do not have these; they run only where the processor
// was seen to have them.

/// Words are multiplied as they lie. A tile has kRows x kGroups x kColumns sums, which fill 24 of 32 registers, or 12
/// of AVX2's 16.
struct Instruction {
  static constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6, kGroups = HWY_TARGET <= HWY_AVX3 ? 2 : 1;
  static HWY_INLINE auto Weights(const std::uint32_t* b) { return hn::LoadU(Words(), b); }
  static HWY_INLINE auto Activations(std::uint32_t a) { return hn::Set(Words(), a); }
};

/// AVX512_VNNI, AVX-VNNI, or SDOT of armv8.2, which multiplies signed bytes.
struct Int8Instruction : Instruction {
  using Sum = hn::Vec<Ints>;
  /// What turns four activations into what is multiplied: see int8_input_shift().
  static constexpr std::uint32_t kFlip = HWY_ARCH_ARM_A64 ? 0x80808080u : 0;
  static HWY_INLINE auto Activations(std::uint32_t a) { return Instruction::Activations(a ^ kFlip); }
  static HWY_INLINE Sum Zero() { return hn::Zero(Ints()); }
  template <class A, class W>
  static HWY_INLINE Sum Add(const A& a, const W& w, Sum sum) {
    auto raw = sum.raw;  // a register of its own: taking part of an array would keep the array in memory
#if HWY_ARCH_ARM_A64
    // .arch_extension dotprod would do, but binutils 2.40 does not heed it. What was allowed before stays so.
    asm(".arch armv8.2-a+crypto+dotprod\n\tsdot %0.4s, %1.16b, %2.16b" : "+w"(raw) : "w"(w.raw), "w"(a.raw));
#elif HWY_TARGET <= HWY_AVX3
    asm("vpdpbusd %2, %1, %0" : "+v"(raw) : "v"(a.raw), "v"(w.raw));
#else
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(raw) : "x"(a.raw), "x"(w.raw));
#endif
    return Sum{raw};
  }
  static HWY_INLINE hn::Vec<Floats> ToFloat(Sum sum) {
    return hn::ConvertTo(Floats(), sum);
  }
};
#endif

#if LINEAMENT_BF16_DOT
/// AVX512_BF16.
struct Bf16Instruction : Instruction {
  using Sum = hn::Vec<Floats>;
  static HWY_INLINE Sum Zero() { return hn::Zero(Floats()); }
  template <class A, class W>
  static HWY_INLINE Sum Add(const A& a, const W& w, Sum sum) {
    auto raw = sum.raw;  // a register of its own: taking part of an array would keep the array in memory
    asm("vdpbf16ps %2, %1, %0" : "+v"(raw) : "v"(a.raw), "v"(w.raw));
    return Sum{raw};
  }
  static HWY_INLINE hn::Vec<Floats> ToFloat(Sum sum) { return sum; }
};

/// Rounded to nearest, ties to even.
HWY_INLINE auto ToBf16(hn::Vec<Floats> x) {
  hn::Vec<hn::Rebind<std::uint16_t, Floats>> y;
  asm("vcvtneps2bf16 %1, %0" : "=v"(y.raw) : "v"(x.raw));
  return y;
}
#endif

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSE4
#if HWY_TARGET <= HWY_AVX3
HWY_INLINE __m512i AddPairs(__m512i a, __m512i w) {
  return _mm512_maddubs_epi16(a, w);
}
#elif HWY_TARGET == HWY_AVX2
HWY_INLINE __m256i AddPairs(__m256i a, __m256i w) {
  return _mm256_maddubs_epi16(a, w);
}
#else
HWY_INLINE __m128i AddPairs(__m128i a, __m128i w) {
  return _mm_maddubs_epi16(a, w);
}
#endif

/// Products of neighbouring bytes are added up in 16 bits (PMADDUBSW), which hold them: see int8_adds_pairs(). Then
/// two of these sums in 32 bits.
struct Int8Products {
  using Shorts = hn::Repartition<std::int16_t, Ints>;
  using Sum = hn::Vec<Ints>;
  // AVX2's eight sums leave half of 16 registers to pairs, weights and activations; SSE's are half as long, so as many.
  static constexpr int kRows = HWY_TARGET <= HWY_AVX3   ? 12
                               : HWY_TARGET == HWY_AVX2 ? 4
                                                        : 2,
                       kGroups = HWY_TARGET <= HWY_AVX3 ? 2 : 1;
  static HWY_INLINE Sum Zero() { return hn::Zero(Ints()); }
  static HWY_INLINE auto Weights(const std::uint32_t* b) { return hn::LoadU(Words(), b); }
  static HWY_INLINE auto Activations(std::uint32_t a) { return hn::Set(Words(), a); }
  template <class A, class W>
  static HWY_INLINE Sum Add(const A& a, const W& w, Sum sum) {
    const hn::Vec<Shorts> pairs{AddPairs(a.raw, w.raw)};
    Sum unused = Zero();
    return hn::ReorderWidenMulAccumulate(Ints(), pairs, hn::Set(Shorts(), 1), sum, unused);
  }
  static HWY_INLINE hn::Vec<Floats> ToFloat(Sum sum) { return hn::ConvertTo(Floats(), sum); }
};
#else
/// A byte at a time, for any instruction set.
struct Int8Products {
  struct Four {
    hn::Vec<Ints> byte[4];
    HWY_INLINE Four() {}  // with the attributes of the instruction set, which an implicit one has not
    HWY_INLINE Four(hn::Vec<Ints> a, hn::Vec<Ints> b, hn::Vec<Ints> c, hn::Vec<Ints> d) : byte{a, b, c, d} {}
  };
  using Sum = hn::Vec<Ints>;
  static constexpr int kRows = 2, kGroups = 1;  // eight sums of 4 lanes: the four bytes' parts need as many registers
  static HWY_INLINE Sum Zero() { return hn::Zero(Ints()); }
  static HWY_INLINE Four Weights(const std::uint32_t* b) {
    const auto words = hn::BitCast(Ints(), hn::LoadU(Words(), b));
    return {hn::ShiftRight<24>(hn::ShiftLeft<24>(words)), hn::ShiftRight<24>(hn::ShiftLeft<16>(words)),
            hn::ShiftRight<24>(hn::ShiftLeft<8>(words)), hn::ShiftRight<24>(words)};
  }
  static HWY_INLINE Four Activations(std::uint32_t a) {
    const auto byte = [&](int shift) HWY_ATTR { return hn::Set(Ints(), static_cast<std::int32_t>(a >> shift & 0xFF)); };
    return {byte(0), byte(8), byte(16), byte(24)};
  }
  static HWY_INLINE Sum Add(const Four& a, const Four& w, Sum sum) {
    for (int i = 0; i < 4; ++i) sum = hn::Add(sum, hn::Mul(a.byte[i], w.byte[i]));
    return sum;
  }
  static HWY_INLINE hn::Vec<Floats> ToFloat(Sum sum) { return hn::ConvertTo(Floats(), sum); }
};
#endif

/// `at`: of the tile's first value in C. kBytes: bytes are written.
template <class Dot, int kRows, int kGroups, bool kBytes>
HWY_ATTR void WordTile(const WordProduct& p, const std::uint32_t* a, const std::uint32_t* b, std::ptrdiff_t at,
                       int column, int columns) {
  const Floats d;
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

  hn::Vec<Floats> scale[kVectors], offset[kVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kVectors; ++v) {
    scale[v] = hn::LoadU(d, p.scale + column + v * kLanes);
    offset[v] = hn::LoadU(d, p.offset + column + v * kLanes);
  }
  const auto finished = [&](int r, int v) HWY_ATTR {
    const int rest = columns - v * kLanes;
    auto y = hn::MulAdd(Dot::ToFloat(sum[r][v]), scale[v], offset[v]);
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
HWY_ATTR void MultiplyWords(const WordProduct& p, int rows, int first, int columns) {
  int n = 0;
  if constexpr (Dot::kGroups == 2)
    for (; columns - n > kColumns; n += 2 * kColumns) WordRows<Dot, 2>(p, rows, first + n, columns - n);
  for (; n < columns; n += kColumns) WordRows<Dot, 1>(p, rows, first + n, columns - n);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
