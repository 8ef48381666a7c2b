// See stroke.hpp.
#include "stroke.hpp"

namespace lineament::synthetic {

void draw_bar(std::span<Vec3> color, int size, const Bar& bar, const Look& look) {
  const float r = std::max(bar.radius, 0.5f), cover_most = std::min(1.0f, 2 * bar.radius);
  const Point way = bar.b - bar.a;
  const float length = std::max(std::hypot(way.x, way.y), 1e-3f);
  const Point along = way * (1 / length);
  const auto first = [](float v) { return std::max(0, floor_int(v)); };
  const auto last = [&](float v) { return std::min(size - 1, floor_int(v) + 1); };
  const int x0 = first(std::min(bar.a.x, bar.b.x) - r), x1 = last(std::max(bar.a.x, bar.b.x) + r);
  const int y0 = first(std::min(bar.a.y, bar.b.y) - r), y1 = last(std::max(bar.a.y, bar.b.y) + r);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const Point p = Point{static_cast<float>(x), static_cast<float>(y)} - bar.a;
      const float t = std::clamp(p.x * along.x + p.y * along.y, 0.0f, length);
      const float dx = p.x - t * along.x, dy = p.y - t * along.y, d2 = dx * dx + dy * dy;
      if (d2 > square(r + 0.5f)) continue;
      const Vec3 n{dx / r, -dy / r, std::sqrt(std::max(0.0f, 1 - d2 / (r * r)))};
      const Vec3 light = look.key_color * std::max(0.0f, dot(n, look.key_direction)) +
                         mix(look.ground_color, look.sky_color, 0.5f + 0.5f * n.y);
      Vec3& c = color[static_cast<std::size_t>(y * size + x)];
      c = mix(c, bar.paint * light, cover_most * clamp01(r + 0.5f - std::sqrt(d2)));
    }
  }
}

}  // namespace lineament::synthetic
