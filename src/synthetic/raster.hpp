// Triangles to pixels: meshes of vertices in the camera frame are drawn into a buffer that keeps, for each pixel, what
// is nearest and where on its own surface that is. Shading happens later, once a pixel.
#pragma once
#include <cstdint>
#include <vector>

#include "points.hpp"

namespace lineament::synthetic {

enum class Material : std::uint8_t { none, skin, ear, neck, cloth, hair, hat, frame, lens };

struct Vertex {
  Vec3 at;             ///< camera frame
  Vec3 normal;         ///< camera frame, unit
  float a = 0, b = 0;  ///< surface coordinates that the material paints by
  float light = 1;     ///< share of the key light that arrives
  float open = 1;      ///< share of the sky that is seen (ambient occlusion)
};

/// A grid of vertices, row by row; quads between neighbours become two triangles each.
struct Grid {
  int rows = 0, columns = 0;
  bool closed = false;  ///< the last column joins the first
  std::vector<Vertex> vertices;

  Grid(int row_count, int column_count, bool closed_rows = false)
      : rows(row_count),
        columns(column_count),
        closed(closed_rows),
        vertices(static_cast<std::size_t>(row_count) * static_cast<std::size_t>(column_count)) {}
  Vertex& at(int row, int column) {
    return vertices[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                    static_cast<std::size_t>(column)];
  }
  const Vertex& at(int row, int column) const { return const_cast<Grid*>(this)->at(row, column); }
  /// Unit normals from neighbours, pointing to the side from which rows run down and columns to the right.
  void set_normals();
};

struct Fragment {
  float z = -1e9f;  ///< towards the camera
  float a = 0, b = 0, light = 1, open = 1;
  Vec3 normal;
  float lens = 0;  ///< > 0 behind a lens: 1 at its lower edge, 2 at its upper edge
  Material material = Material::none;
};

class Raster {
 public:
  Raster(int size, const Camera& camera)
      : size_(size), camera_(&camera), pixels_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size)) {}

  int size() const { return size_; }
  const Fragment& at(int x, int y) const {
    return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x)];
  }
  Fragment& at(int x, int y) {
    return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x)];
  }

  /// `keep(a, b)` says whether the surface exists there (hair has ragged edges). Both sides are drawn if `two_sided`.
  template <class Keep>
  void draw(const Grid& grid, Material material, bool two_sided, Keep keep);
  void draw(const Grid& grid, Material material, bool two_sided = false) {
    draw(grid, material, two_sided, [](float, float) { return true; });
  }

 private:
  struct Corner {
    Point p;
    const Vertex* v;
  };
  template <class Keep>
  void triangle(const Corner& a, const Corner& b, const Corner& c, Material material, bool two_sided, Keep& keep);

  int size_;
  const Camera* camera_;
  std::vector<Fragment> pixels_;
};

template <class Keep>
void Raster::draw(const Grid& grid, Material material, bool two_sided, Keep keep) {
  std::vector<Corner> corners(grid.vertices.size());
  for (std::size_t i = 0; i < corners.size(); ++i)
    corners[i] = {camera_->project(grid.vertices[i].at), &grid.vertices[i]};
  const auto corner = [&](int r, int c) -> const Corner& {
    return corners[static_cast<std::size_t>(r) * static_cast<std::size_t>(grid.columns) + static_cast<std::size_t>(c)];
  };
  const int quads = grid.closed ? grid.columns : grid.columns - 1;
  for (int r = 0; r + 1 < grid.rows; ++r) {
    for (int c = 0; c < quads; ++c) {
      const int d = c + 1 == grid.columns ? 0 : c + 1;
      triangle(corner(r, c), corner(r, d), corner(r + 1, c), material, two_sided, keep);
      triangle(corner(r, d), corner(r + 1, d), corner(r + 1, c), material, two_sided, keep);
    }
  }
}

template <class Keep>
void Raster::triangle(const Corner& a, const Corner& b, const Corner& c, Material material, bool two_sided,
                      Keep& keep) {
  float area = (b.p.x - a.p.x) * (c.p.y - a.p.y) - (b.p.y - a.p.y) * (c.p.x - a.p.x);
  if (two_sided ? std::abs(area) < 1e-6f : area < 1e-6f) return;
  const float far = static_cast<float>(size_ - 1);
  const float left = std::max(std::min({a.p.x, b.p.x, c.p.x}), 0.0f),
              right = std::min(std::max({a.p.x, b.p.x, c.p.x}), far);
  const float top = std::max(std::min({a.p.y, b.p.y, c.p.y}), 0.0f),
              bottom = std::min(std::max({a.p.y, b.p.y, c.p.y}), far);
  if (!(left <= right) || !(top <= bottom)) return;
  const int x0 = static_cast<int>(std::ceil(left)), x1 = static_cast<int>(right);
  const int y0 = static_cast<int>(std::ceil(top)), y1 = static_cast<int>(bottom);
  const float inv = 1 / area;
  // Weights of b and c as linear functions of the pixel. A hair of slack closes the seams between triangles.
  constexpr float kSlack = -1e-4f;
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x) - a.p.x, py = static_cast<float>(y) - a.p.y;
      const float wb = (px * (c.p.y - a.p.y) - py * (c.p.x - a.p.x)) * inv;
      const float wc = (py * (b.p.x - a.p.x) - px * (b.p.y - a.p.y)) * inv;
      const float wa = 1 - wb - wc;
      if (wa < kSlack || wb < kSlack || wc < kSlack) continue;
      const float z = wa * a.v->at.z + wb * b.v->at.z + wc * c.v->at.z;
      Fragment& f = at(x, y);
      if (z <= f.z) continue;
      const float pa = wa * a.v->a + wb * b.v->a + wc * c.v->a, pb = wa * a.v->b + wb * b.v->b + wc * c.v->b;
      if (!keep(pa, pb)) continue;
      if (material == Material::lens) {  // what is behind shows through
        f.lens = pb;
        continue;
      }
      f.z = z;
      f.a = pa;
      f.b = pb;
      f.light = wa * a.v->light + wb * b.v->light + wc * c.v->light;
      f.open = wa * a.v->open + wb * b.v->open + wc * c.v->open;
      f.normal = a.v->normal * wa + b.v->normal * wb + c.v->normal * wc;
      f.material = material;
    }
  }
}

}  // namespace lineament::synthetic
