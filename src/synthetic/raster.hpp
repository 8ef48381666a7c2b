// Triangles to pixels: meshes of vertices in the camera frame are drawn into a buffer that keeps, for each pixel, what
// is nearest and where on its own surface that is. Shading happens later, once a pixel.
#pragma once
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "block.hpp"
#include "points.hpp"

namespace lineament::synthetic {

enum class Material : std::uint8_t { none, skin, ear, body, hair, hat, frame, mask, lens };

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

/// What a pixel shows.
struct Fragment {
  float z = kNothing;  ///< towards the camera
  float a = 0, b = 0, light = 1, open = 1;
  Vec3 normal;
  float lens = 0;  ///< > 0 behind a lens: 1 at its lower edge, 2 at its upper edge
  Material material = Material::none;

  static constexpr float kNothing = -1e9f;
};

/// Keeps for each pixel only which triangle is nearest and where in it the pixel lies: much is drawn over, and what is
/// hidden in the end is never interpolated.
class Raster {
 public:
  Raster(int size, const Camera& camera)
      : size_(size),
        camera_(&camera),
        block_(block_bytes(size)),
        pixels_(count(size), FromBlock<Pixel>(block_)),
        colors_(count(size), FromBlock<Vec3>(block_)),
        faces_(FromBlock<Face>(block_)) {
    faces_.reserve(kUsualFaces);
  }

  int size() const { return size_; }
  float z(int x, int y) const { return pixels_[index(x, y)].z; }
  Material material(int x, int y) const {
    const int face = pixels_[index(x, y)].face;
    return face < 0 ? Material::none : faces_[static_cast<std::size_t>(face)].material;
  }
  Fragment at(int x, int y) const;
  /// The picture, linear light, size x size: filled by the painters.
  std::span<Vec3> colors() { return colors_; }

  /// `keep(a, b)` says whether the surface exists there (hair has ragged edges). Both sides are drawn if `two_sided`.
  template <class Keep>
  void draw(Grid grid, Material material, bool two_sided, Keep keep);
  void draw(Grid grid, Material material, bool two_sided = false) {
    draw(std::move(grid), material, two_sided, Everywhere{});
  }

 private:
  struct Everywhere {};
  struct Corner {
    Point p;
    const Vertex* v;
  };
  struct Pixel {
    float z = Fragment::kNothing, weight_b = 0, weight_c = 0;
    int face = -1;
  };
  struct Face {
    const Vertex *a, *b, *c;
    Material material;
  };
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size_) + static_cast<std::size_t>(x);
  }
  template <class Keep>
  void triangle(const Corner& a, const Corner& b, const Corner& c, Material material, bool two_sided, Keep& keep);

  static constexpr std::size_t kUsualFaces = 10000;
  static constexpr std::size_t count(int size) {
    return static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  }
  static constexpr std::size_t block_bytes(int size) {
    return count(size) * (sizeof(Pixel) + sizeof(Vec3)) + kUsualFaces * sizeof(Face) + 256;
  }

  int size_;
  const Camera* camera_;
  // One block for all that is large: glibc hands several back to the system after each picture, and taking them anew
  // costs more than the drawing.
  Block block_;
  std::vector<Pixel, FromBlock<Pixel>> pixels_;
  std::vector<Vec3, FromBlock<Vec3>> colors_;
  std::vector<Face, FromBlock<Face>> faces_;  ///< those that were in sight when they were drawn
  std::vector<float> lens_;                   ///< empty without glasses
  std::vector<Grid> grids_;                   ///< own the vertices that faces point to
};

template <class Keep>
void Raster::draw(Grid drawn, Material material, bool two_sided, Keep keep) {
  grids_.push_back(std::move(drawn));
  const Grid& grid = grids_.back();
  if (material == Material::lens) lens_.resize(pixels_.size());
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
  const int x0 = -floor_int(-left), x1 = static_cast<int>(right);
  const int y0 = -floor_int(-top), y1 = static_cast<int>(bottom);
  const float inv = 1 / area;
  // Weights of b and c as linear functions of the pixel. A hair of slack closes the seams between triangles.
  constexpr float kSlack = -1e-4f;
  const float b_x = (c.p.y - a.p.y) * inv, b_y = (a.p.x - c.p.x) * inv;
  const float c_x = (a.p.y - b.p.y) * inv, c_y = (b.p.x - a.p.x) * inv;
  const float za = a.v->at.z, zb = b.v->at.z - za, zc = c.v->at.z - za;
  int face = -1;
  for (int y = y0; y <= y1; ++y) {
    const float py = static_cast<float>(y) - a.p.y;
    Pixel* row = pixels_.data() + index(0, y);
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x) - a.p.x;
      const float wb = px * b_x + py * b_y, wc = px * c_x + py * c_y;
      if (wb < kSlack || wc < kSlack || wb + wc > 1 - kSlack) continue;
      const float z = za + wb * zb + wc * zc;
      if (z <= row[x].z) continue;
      if constexpr (!std::is_same_v<Keep, Everywhere>) {
        const float wa = 1 - wb - wc;
        if (!keep(wa * a.v->a + wb * b.v->a + wc * c.v->a, wa * a.v->b + wb * b.v->b + wc * c.v->b)) continue;
      }
      if (material == Material::lens) {  // what is behind shows through
        lens_[index(x, y)] = (1 - wb - wc) * a.v->b + wb * b.v->b + wc * c.v->b;
        continue;
      }
      if (face < 0) {
        face = static_cast<int>(faces_.size());
        faces_.push_back({a.v, b.v, c.v, material});
      }
      row[x] = {z, wb, wc, face};
    }
  }
}

}  // namespace lineament::synthetic
