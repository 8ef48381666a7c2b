// Into how many parts a batch is cut whose gradients with respect to weights are summed up apart, one part a task: by
// sizes alone, so that the sums are the same bits for any number of threads.
#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"

namespace lineament {

/// As many tasks as threads that a small machine has. Not measured: the machines at hand have two cores. "Bits", as in
/// budgets.hpp.
inline constexpr int kMostParts = 8;

/// Runs of whole images, `part_size` floats of sums each: direct and Winograd convolutions, which cut an image into
/// strips or tiles.
inline int parts_of_images(int batch, std::size_t part_size) {
  int parts = kMostParts;
  while (parts > 2 && static_cast<std::size_t>(parts) * float_bytes(part_size) > kPartSums) parts /= 2;
  return std::min(parts, batch);
}

/// Runs of pixels, whatever image they are of: 1x1 convolutions, whose weights are few.
struct PartsOfPixels {
  std::size_t pixels, run;  ///< a part is so many runs
  int count;

  PartsOfPixels(std::size_t all, std::size_t run_pixels)
      : pixels(all), run(run_pixels), count(static_cast<int>(std::min<std::size_t>(runs(), kMostParts))) {}
  std::size_t runs() const { return (pixels + run - 1) / run; }
  std::size_t begin(int part) const {
    return std::min(pixels, static_cast<std::size_t>(part) * runs() / static_cast<std::size_t>(count) * run);
  }
};

}  // namespace lineament
