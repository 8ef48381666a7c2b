// Into how many parts of the batch a weights' gradient is cut.
#pragma once
#include <algorithm>
#include <cstddef>

namespace lineament {

/// Gradients are made in parts of the batch, runs of whole pictures, each of which sums up the weights' gradient for
/// itself, `part_size` floats: as many for every thread, and how many depends on sizes alone.
inline int gradient_parts(int batch, std::size_t part_size) {
  constexpr std::size_t kMost = std::size_t{5} << 20;  // floats
  int parts = 8;
  while (parts > 2 && static_cast<std::size_t>(parts) * part_size > kMost) parts /= 2;
  return std::min(parts, batch);
}

}  // namespace lineament
