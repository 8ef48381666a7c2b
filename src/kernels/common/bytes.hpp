// Values that lie in memory as bytes.
#pragma once
#include <cmath>
#include <cstdint>

#include "lineament/nn/range.hpp"

namespace lineament {

/// A value of the plan in 8 bits: value = (byte - scale.zero) * scale.step. Empty where the value lies as floats.
template <class Byte>
struct BasicBytes {
  Byte* data = nullptr;
  ByteScale scale = {};
  explicit operator bool() const { return data != nullptr; }
};
using ConstBytes = BasicBytes<const std::uint8_t>;
using Bytes = BasicBytes<std::uint8_t>;

/// What weights of at most `largest` are multiples of, up to 127. Dividing by less than a normal number may give any
/// number.
inline float weight_step(float largest) {
  const float step = largest / 127;
  return std::isnormal(step) ? step : 1.0f;
}

}  // namespace lineament
