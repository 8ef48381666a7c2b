// How words of 32 bits are multiplied and added up, four channels of int8 or two of bfloat16 at a time: one class for
// each way, for the loops of words-inl.hpp. Compiled once for each instruction set.
#if defined(LINEAMENT_WORD_DOTS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_WORD_DOTS_INL
#undef LINEAMENT_WORD_DOTS_INL
#else
#define LINEAMENT_WORD_DOTS_INL
#endif

#include <cstdint>

#include "kernels/common/matrix.hpp"
#include "kernels/common/vectors-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

using Words = hn::ScalableTag<std::uint32_t>;
using Ints = hn::ScalableTag<std::int32_t>;

/// What a thread does before and after its products, which have `rows` rows and `length` words of activations: nothing.
struct NoRegisters {
  HWY_INLINE NoRegisters(int /*rows*/, int /*length*/) {}
  HWY_INLINE ~NoRegisters() {}
};

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
  using Registers = NoRegisters;
  static constexpr bool kAmx = false;
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
  using Registers = NoRegisters;
  static constexpr bool kAmx = false;
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
  using Registers = NoRegisters;
  static constexpr bool kAmx = false;
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

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
