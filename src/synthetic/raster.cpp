// Normals of grids, and what a pixel of the raster shows.
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

Fragment Raster::at(int x, int y) const {
  const Pixel& p = pixels_[index(x, y)];
  Fragment f;
  if (p.face < 0) return f;
  const Face& t = faces_[static_cast<std::size_t>(p.face)];
  const float wb = p.weight_b, wc = p.weight_c, wa = 1 - wb - wc;
  f.z = p.z;
  f.a = wa * t.a->a + wb * t.b->a + wc * t.c->a;
  f.b = wa * t.a->b + wb * t.b->b + wc * t.c->b;
  f.light = wa * t.a->light + wb * t.b->light + wc * t.c->light;
  f.open = wa * t.a->open + wb * t.b->open + wc * t.c->open;
  f.normal = t.a->normal * wa + t.b->normal * wb + t.c->normal * wc;
  if (!lens_.empty()) f.lens = lens_[index(x, y)];
  f.material = t.material;
  return f;
}

}  // namespace lineament::synthetic
