// The values that a tensor takes, and rows of a picture.
#pragma once

namespace lineament {

struct Range {
  float low = 0, high = 0;
};

/// Rows of a picture: the first, and the one behind the last.
struct RowRange {
  int begin = 0, end = 0;
  bool operator==(const RowRange&) const = default;
};

}  // namespace lineament
