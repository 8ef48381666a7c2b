// Numbers in bfloat16: the upper half of a float.
#pragma once
#include <bit>
#include <cstdint>

namespace lineament {

/// To nearest, ties to even. NaN stays NaN: rounding up could carry into the sign.
inline std::uint16_t to_bf16(float value) {
  if (value != value) return 0x7FC0;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/// Exact.
inline float from_bf16(std::uint16_t value) {
  return std::bit_cast<float>(std::uint32_t{value} << 16);
}

}  // namespace lineament
