// What is behind the face: gradients, soft blobs, sharp clutter, texture.
#include "shade.hpp"

namespace lineament::synthetic {
namespace {

Vec3 some_color(Random& random) {
  const float level = random.chance(0.25f) ? random.uniform(0, 0.05f) : square(random.uniform(0.05f, 1));
  const float strength = random.chance(0.4f) ? random.uniform(0, 0.25f) : random.uniform(0, 0.9f);
  const Vec3 hue{random.uniform(0.2f, 1.6f), random.uniform(0.2f, 1.6f), random.uniform(0.2f, 1.6f)};
  return mix(Vec3{1, 1, 1}, hue, strength) * level;
}

void gradient(std::span<Vec3> color, int size, Random& random) {
  Vec3 corner[4];
  corner[0] = some_color(random);
  const float vary = random.uniform();
  for (int i = 1; i < 4; ++i) corner[i] = mix(corner[0], some_color(random), vary);
  for (int y = 0; y < size; ++y) {
    const float v = static_cast<float>(y) / static_cast<float>(size);
    const Vec3 left = mix(corner[0], corner[2], v), right = mix(corner[1], corner[3], v);
    const Vec3 step = (right - left) * (1 / static_cast<float>(size));
    Vec3* row = color.data() + static_cast<std::ptrdiff_t>(y) * size;
    for (int x = 0; x < size; ++x) row[x] = left + step * static_cast<float>(x);
  }
}

/// An ellipse or a box, turned, with an edge from sharp to out of focus.
void blob(std::span<Vec3> color, int size, Random& random, float soft) {
  const float side = static_cast<float>(size);
  const float cx = random.uniform(-0.1f, 1.1f) * side, cy = random.uniform(-0.1f, 1.1f) * side;
  const bool strip = random.chance(0.25f);
  const float rx = side * (strip ? random.uniform(0.5f, 1.2f) : random.uniform(0.03f, 0.3f)),
              ry = side * (strip ? random.uniform(0.005f, 0.05f) : random.uniform(0.03f, 0.35f));
  const float turn = random.chance(0.6f) ? 0 : random.uniform(-1.6f, 1.6f), cs = std::cos(turn), sn = std::sin(turn);
  const Vec3 paint = some_color(random);
  const bool box = random.chance(0.5f);
  const float strength = random.uniform(0.4f, 1), reach_x = std::abs(cs) * rx + std::abs(sn) * ry,
              reach_y = std::abs(sn) * rx + std::abs(cs) * ry;
  const float widen = 1 + soft;
  const int x0 = std::max(0, static_cast<int>(cx - widen * reach_x)),
            x1 = std::min(size - 1, static_cast<int>(cx + widen * reach_x));
  const int y0 = std::max(0, static_cast<int>(cy - widen * reach_y)),
            y1 = std::min(size - 1, static_cast<int>(cy + widen * reach_y));
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const float dx = static_cast<float>(x) - cx, dy = static_cast<float>(y) - cy;
      const float u = std::abs(cs * dx + sn * dy) / rx, v = std::abs(cs * dy - sn * dx) / ry;
      const float d = box ? std::max(u, v) : u * u + v * v;
      const float cover = strength * clamp01((1 + soft - d) / (soft + 0.03f));
      Vec3& c = color[static_cast<std::size_t>(y * size + x)];
      c = mix(c, paint, cover);
    }
  }
}

void texture(std::span<Vec3> color, const Raster& raster, Random& random) {
  const int size = raster.size();
  const float coarse = random.uniform(0.01f, 0.08f), fine = coarse * random.uniform(2.5f, 5),
              stretch = std::exp(random.normal(0, 0.7f));
  const float strength = random.uniform(0.1f, 0.6f);
  const std::uint32_t seed = random.bits();
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      if (raster.material(x, y) != Material::none) continue;
      const float fx = static_cast<float>(x), fy = static_cast<float>(y) * stretch;
      const float n = noise(coarse * fx, coarse * fy, seed) + 0.5f * noise(fine * fx, fine * fy, seed + 1);
      Vec3& c = color[static_cast<std::size_t>(y * size + x)];
      c = c * std::max(0.1f, 1 + strength * n);
    }
  }
}

}  // namespace

void draw_background(std::span<Vec3> color, const Raster& raster, Random& random) {
  const int size = raster.size();
  gradient(color, size, random);
  if (random.chance(0.2f)) return;  // a plain wall
  const bool textured = random.chance(0.4f);
  const float soft = random.chance(0.5f) ? random.uniform(0.2f, 1) : random.uniform(0, 0.1f);
  const int count = static_cast<int>(random.below(14));
  for (int i = 0; i < count; ++i) blob(color, size, random, soft);
  if (textured) texture(color, raster, random);
}

}  // namespace lineament::synthetic
