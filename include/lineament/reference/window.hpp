// Windows that move over a batch of images: what one position of the window sees is a strided slice.
#pragma once
#include <array>

#include "lineament/api.hpp"
#include "lineament/reference/tensor.hpp"

namespace LINEAMENT_API lineament {

/// The arguments of Eigen's stridedSlice over {batch, height, width, channels}.
struct Seen {
  using Index4 = std::array<Eigen::Index, 4>;
  Index4 start, stop, step;
};

/// The pixels under the window's position (y, x), counted in pixels from its top left corner, while the window makes
/// {batch, rows, columns} steps of `stride`; all `channels`.
inline Seen seen_at(int y, int x, std::array<int, 3> steps, int stride, int channels) {
  const auto [batch, rows, columns] = steps;
  return {{0, y, x, 0},
          {batch, y + (rows - 1) * stride + 1, x + (columns - 1) * stride + 1, channels},
          {1, stride, stride, 1}};
}

}  // namespace lineament
