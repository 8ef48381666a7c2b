// Normals of grids.
#include "raster.hpp"

namespace lineament::synthetic {

void Grid::set_normals() {
  for (int r = 0; r < rows; ++r) {
    const int up = std::max(r - 1, 0), down = std::min(r + 1, rows - 1);
    for (int c = 0; c < columns; ++c) {
      const int left = c > 0 ? c - 1 : closed ? columns - 1 : 0;
      const int right = c + 1 < columns ? c + 1 : closed ? 0 : columns - 1;
      at(r, c).normal = normalized(cross(at(r, right).at - at(r, left).at, at(up, c).at - at(down, c).at));
    }
  }
}

}  // namespace lineament::synthetic
