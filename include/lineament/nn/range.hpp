// The values that a tensor takes, how bytes stand for them, and rows of an image.
#pragma once
#include <algorithm>
#include <cmath>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

struct Range {
  float low = 0, high = 0;
  bool operator==(const Range&) const = default;
};

/// A value as a byte: round(value / step) + zero, cut off at 0 and 255. None if `step` is 0.
struct ByteScale {
  float step = 0, zero = 0;
  explicit operator bool() const { return step > 0; }
  bool operator==(const ByteScale&) const = default;
};

/// 0 … 255 over the range and 0, which is a byte of its own: padding is exact then. A range of nothing but 0 has
/// step 1.
inline ByteScale byte_scale(Range r) {
  const float low = std::min(r.low, 0.0f), high = std::max(r.high, 0.0f);
  const float step = (high - low) / 255;
  if (!(step > 0) || !std::isfinite(step)) return {1, 0};
  return {step, std::nearbyint(-low / step)};
}

/// Rows of an image: the first, and the one after the last.
struct RowRange {
  int begin = 0, end = 0;
  bool operator==(const RowRange&) const = default;
};

}  // namespace lineament
