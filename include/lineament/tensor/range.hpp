// The values that a tensor takes.
#pragma once

namespace lineament {

struct Range {
  float low = 0, high = 0;
};

}  // namespace lineament
