// Products of words on AMX: registers of 16 rows of 64 bytes, which multiply 16 x 16 words by 16 columns at a time,
// eight times as many as a core's vectors do. Intel's server processors have it since 2023 (Sapphire Rapids). Its
// registers and instructions: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
// Compiled once for each instruction set.
#if defined(LINEAMENT_AMX_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_AMX_INL
#undef LINEAMENT_AMX_INL
#else
#define LINEAMENT_AMX_INL
#endif

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "kernels/common/amx.hpp"
#include "kernels/common/matrix.hpp"
#include "kernels/common/word_product-inl.hpp"

#undef LINEAMENT_AMX
#define LINEAMENT_AMX (HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX3)

#if LINEAMENT_AMX  // clang warns of a namespace with nothing to compile for an instruction set
HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

static_assert(kColumns == 16 && HWY_LANES(float) == kColumns, "a row of sums is a vector");

// In assembler, as in word_dots-inl.hpp. Compilers do not use these registers, so nothing is lost by not naming them.

/// Gives this thread its registers for products with `rows` rows of `length` words, and takes them back at the end:
/// sums in 0 to 3, activations in 4 and 5, weights in 6 and 7.
class AmxRegisters {
 public:
  HWY_INLINE AmxRegisters(int rows, int length) {
    const auto words = static_cast<std::uint8_t>(amx_words(length)),
               height = static_cast<std::uint8_t>(std::min(rows, kAmxRows));
    Shapes shapes;
    for (int i = 0; i < 8; ++i) {
      shapes.row_bytes[i] = i == 4 || i == 5 ? 4 * words : 64;
      shapes.rows[i] = i < 6 ? height : words;
    }
    asm volatile("ldtilecfg %0" : : "m"(shapes));
  }
  HWY_INLINE ~AmxRegisters() { asm volatile("tilerelease"); }
  AmxRegisters(const AmxRegisters&) = delete;
  AmxRegisters& operator=(const AmxRegisters&) = delete;

 private:
  struct alignas(64) Shapes {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t rows[16] = {};
  };
  static_assert(sizeof(Shapes) == 64);
};

#define LINEAMENT_AMX_LOAD(tile, from, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile : : "r"(from), "r"(stride) : "memory")
#define LINEAMENT_AMX_STORE(tile, to, stride) \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" : : "r"(to), "r"(stride) : "memory")
#define LINEAMENT_AMX_ZERO(tile) asm volatile("tilezero %tmm" #tile)

struct Int8Amx {
  using Registers = AmxRegisters;
  static constexpr bool kSplit = false;
  static constexpr bool kAmx = true;
  static constexpr int kRows = kAmxRows;
  using Sum = hn::ScalableTag<std::int32_t>;
  template <int kDown, int kAcross>
  static HWY_INLINE void Add() {
    asm volatile("tdpbusd %tmm6, %tmm4, %tmm0");
    if constexpr (kAcross == 2) asm volatile("tdpbusd %tmm7, %tmm4, %tmm1");
    if constexpr (kDown == 2) asm volatile("tdpbusd %tmm6, %tmm5, %tmm2");
    if constexpr (kDown == 2 && kAcross == 2) asm volatile("tdpbusd %tmm7, %tmm5, %tmm3");
  }
};

struct Bf16Amx {
  using Registers = AmxRegisters;
  static constexpr bool kSplit = false;
  static constexpr bool kAmx = true;
  static constexpr int kRows = kAmxRows;
  using Sum = Floats;
  template <int kDown, int kAcross>
  static HWY_INLINE void Add() {
    asm volatile("tdpbf16ps %tmm6, %tmm4, %tmm0");
    if constexpr (kAcross == 2) asm volatile("tdpbf16ps %tmm7, %tmm4, %tmm1");
    if constexpr (kDown == 2) asm volatile("tdpbf16ps %tmm6, %tmm5, %tmm2");
    if constexpr (kDown == 2 && kAcross == 2) asm volatile("tdpbf16ps %tmm7, %tmm5, %tmm3");
  }
};

/// Floats as the sums of two bfloat16: all products but that of the lesser ones.
struct SplitAmx : Bf16Amx {
  static constexpr bool kSplit = true;
};

/// Sums of 2 x 2 registers: rows of 2 * kColumns, those of the second pair kAmxRows further down.
using AmxSums = std::int32_t[2 * kAmxRows][2 * kColumns];

/// `a`: the first rows of the products of kDown registers. `b`: the first of kAcross groups of weights.
template <class Dot, int kDown, int kAcross>
HWY_ATTR void AmxTile(const WordProduct& p, const std::uint32_t* const (&a)[2], const std::uint32_t* b, AmxSums& sums) {
  LINEAMENT_AMX_ZERO(0);
  if constexpr (kAcross == 2) LINEAMENT_AMX_ZERO(1);
  if constexpr (kDown == 2) LINEAMENT_AMX_ZERO(2);
  if constexpr (kDown == 2 && kAcross == 2) LINEAMENT_AMX_ZERO(3);
  const int words = amx_words(p.length);
  const std::ptrdiff_t row = 4 * p.a.row, weights = 4 * kColumns, sums_row = sizeof(sums[0]);
  for (int s = 0; s < p.segments; ++s)
    for (int k = 0; k < p.length; k += words, b += words * kColumns) {
      const std::ptrdiff_t at = s * p.a.segment + k;
      const auto load_activations = [&](std::ptrdiff_t from) HWY_ATTR {
        LINEAMENT_AMX_LOAD(4, a[0] + at + from, row);
        if constexpr (kDown == 2) LINEAMENT_AMX_LOAD(5, a[1] + at + from, row);
      };
      const auto load_weights = [&](const std::uint32_t* from) HWY_ATTR {
        LINEAMENT_AMX_LOAD(6, from, weights);
        if constexpr (kAcross == 2) LINEAMENT_AMX_LOAD(7, from + p.b.group, weights);
      };
      load_weights(b);
      if constexpr (Dot::kSplit) {
        load_activations(p.a.low);
        Dot::template Add<kDown, kAcross>();
      }
      load_activations(0);
      Dot::template Add<kDown, kAcross>();
      if constexpr (Dot::kSplit) {
        load_weights(b + p.b.low);
        Dot::template Add<kDown, kAcross>();
      }
    }
  LINEAMENT_AMX_STORE(0, sums[0], sums_row);
  if constexpr (kAcross == 2) LINEAMENT_AMX_STORE(1, sums[0] + kColumns, sums_row);
  if constexpr (kDown == 2) LINEAMENT_AMX_STORE(2, sums[kAmxRows], sums_row);
  if constexpr (kDown == 2 && kAcross == 2) LINEAMENT_AMX_STORE(3, sums[kAmxRows] + kColumns, sums_row);
}

#undef LINEAMENT_AMX_LOAD
#undef LINEAMENT_AMX_STORE
#undef LINEAMENT_AMX_ZERO

/// `count` rows of C from `sums` on, the first of them row `row`.
template <class Dot, int kAcross, bool kBytes>
HWY_ATTR void FinishAmxRows(const WordProduct& p, const std::int32_t (*sums)[2 * kColumns], int row, int count,
                            int column, int columns) {
  constexpr int kRows = 4;
  const auto finish = [&]<int kCount>(std::integral_constant<int, kCount>, int r) HWY_ATTR {
    const auto sum = [&](int i, int v) HWY_ATTR {
      const typename Dot::Sum d;
      const auto own = hn::Load(d, reinterpret_cast<const hn::TFromD<typename Dot::Sum>*>(sums[r + i] + v * kColumns));
      if constexpr (std::is_same_v<typename Dot::Sum, Floats>)
        return own;
      else
        return hn::ConvertTo(Floats(), own);
    };
    FinishWords<kCount, kAcross, kBytes>(p, sum, (row + r) * p.c_row + column, column, columns);
  };
  int r = 0;
  for (; r + kRows <= count; r += kRows) finish(std::integral_constant<int, kRows>(), r);
  for (; r < count; ++r) finish(std::integral_constant<int, 1>(), r);
}

/// Like MultiplyWords, while the thread has AmxRegisters for as many rows.
template <class Dot>
HWY_ATTR void MultiplyAmx(const WordProduct& p, int rows, int first, int columns) {
  alignas(64) AmxSums sums[2];
  const int height = std::min(rows, kAmxRows);
  // A register has whole rows of the product: the last one begins among those of the one before it.
  const auto begin = [&](int row) HWY_ATTR { return std::min(row, rows - height); };
  const auto multiply = [&]<int kAcross>(std::integral_constant<int, kAcross>, int row, int column,
                                         AmxSums& to) HWY_ATTR {
    const std::uint32_t* b = p.b.at + column / kColumns * p.b.group;
    const bool two = rows - row > kAmxRows;
    const std::uint32_t* const a[] = {p.a.at + begin(row) * p.a.row, p.a.at + begin(row + two * kAmxRows) * p.a.row};
    if (two)
      AmxTile<Dot, 2, kAcross>(p, a, b, to);
    else
      AmxTile<Dot, 1, kAcross>(p, a, b, to);
  };
  const auto finish = [&]<int kAcross>(std::integral_constant<int, kAcross>, int row, int column,
                                       const AmxSums& from) HWY_ATTR {
    for (int half = 0; half < 2 && row < rows; ++half, row += kAmxRows) {
      const std::int32_t(*own)[2 * kColumns] = from + half * kAmxRows + (row - begin(row));
      const int count = std::min(kAmxRows, rows - row);
      if (p.bytes)
        FinishAmxRows<Dot, kAcross, true>(p, own, row, count, column, first + columns - column);
      else
        FinishAmxRows<Dot, kAcross, false>(p, own, row, count, column, first + columns - column);
    }
  };
  const auto either = [&](const auto& run, int row, int column, AmxSums& own) HWY_ATTR {
    if (first + columns - column > kColumns)
      run(std::integral_constant<int, 2>(), row, column, own);
    else
      run(std::integral_constant<int, 1>(), row, column, own);
  };
  // A block's sums become outputs while the next block is multiplied.
  int last_row = -1, last_column = 0, turn = 0;
  for (int row = 0; row < rows; row += 2 * kAmxRows)
    for (int column = first; column < first + columns; column += 2 * kColumns) {
      either(multiply, row, column, sums[turn]);
      turn = 1 - turn;
      if (last_row >= 0) either(finish, last_row, last_column, sums[turn]);
      last_row = row;
      last_column = column;
    }
  either(finish, last_row, last_column, sums[1 - turn]);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
