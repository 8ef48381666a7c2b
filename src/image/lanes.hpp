// Vectors of the compiler (GCC and Clang) rather than of Highway, which offers none on plain x86-64 without dispatching
// at run time. Widening is spelt as an interleaving with zeros: g++ 12 makes five instructions of a conversion.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

namespace lineament {

using Float4 = float __attribute__((vector_size(16)));
using Int4 = std::int32_t __attribute__((vector_size(16)));
using Long2 = std::uint64_t __attribute__((vector_size(16)));
using Byte8 = std::uint8_t __attribute__((vector_size(8)));
using Byte16 = std::uint8_t __attribute__((vector_size(16)));
using Short8 = std::uint16_t __attribute__((vector_size(16)));

static_assert(std::endian::native == std::endian::little, "lanes would be in another order");

/// The eight bytes from `p` on, and eight zeros.
inline Long2 load_half(const void* p) {
  std::uint64_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return Long2{bits, 0};
}

inline Short8 load_eight(const std::uint8_t* p) {
  return (Short8)__builtin_shufflevector((Byte16)load_half(p), Byte16{}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                         22, 7, 23);
}
inline Short8 load_eight(const std::uint16_t* p) {
  Short8 values;
  std::memcpy(&values, p, sizeof values);
  return values;
}

inline Float4 load_four(const std::uint16_t* p) {
  const auto values = (Int4)__builtin_shufflevector((Short8)load_half(p), Short8{}, 0, 8, 1, 9, 2, 10, 3, 11);
  return __builtin_convertvector(values, Float4);
}

}  // namespace lineament
