// Glasses: rims, bridge and temples as ribbons that face the camera, lenses as fans.
#include <numbers>
#include <span>

#include "mesh.hpp"

namespace lineament::synthetic {
Grid ribbon(std::span<const Vec3> line, float half) {
  const int n = static_cast<int>(line.size());
  Grid grid(2, n);
  for (int i = 0; i < n; ++i) {
    const Vec3 along = line[std::min(i + 1, n - 1)] - line[std::max(i - 1, 0)];
    const Vec3 aside = normalized({-along.y, along.x, 0});
    for (int r = 0; r < 2; ++r) {
      const float side = r == 0 ? 1.0f : -1.0f;
      Vertex& v = grid.at(r, i);
      v.at = line[i] + aside * (side * half);
      v.normal = normalized(aside * (0.8f * side) + Vec3{0, 0, 1});
      v.a = static_cast<float>(i);
      v.b = side;
    }
  }
  return grid;
}

void draw_glasses(Raster& raster, const Head& head, const Camera& camera, const Look& look) {
  constexpr int kAround = 28;
  const float half = look.glasses == 1 ? 0.09f : look.glasses == 2 ? 0.22f : 0.16f;
  const float plane = head.depth(0, -0.2f) + 0.35f, eye_x = head.features().eye[0].x;
  const auto at = [&](float x, float y) { return camera.view({x, y, plane - 0.028f * x * x}); };
  const Section temple = head.section(0.3f);
  for (const float side : {-1.0f, 1.0f}) {
    const float cx = side * std::max(eye_x + 0.15f, look.lens_w + 0.5f), cy = -0.25f;
    std::array<Vec3, kAround + 1> rim;
    Grid lens(2, kAround + 1);
    for (int i = 0; i <= kAround; ++i) {
      // A super-ellipse: round to nearly rectangular.
      const float t = 2 * std::numbers::pi_v<float> * static_cast<float>(i) / kAround, cs = std::cos(t),
                  sn = std::sin(t);
      const float e = 2 / look.lens_round;
      const float x = cx + look.lens_w * std::copysign(std::pow(std::abs(cs), e), cs),
                  y = cy + look.lens_h * std::copysign(std::pow(std::abs(sn), e), sn);
      rim[i] = at(x, y);
      lens.at(0, i) = {rim[i], {0, 0, 1}, 0, 1.5f + 0.5f * (y - cy) / look.lens_h};
      lens.at(1, i) = {at(cx, cy), {0, 0, 1}, 0, 1.5f};
    }
    raster.draw(ribbon(rim, half), Material::frame, true);
    const Vec3 arm[] = {at(cx + side * look.lens_w, cy + 0.5f * look.lens_h),
                        camera.view({side * (temple.width + 0.45f), 0.6f, temple.front * 0.55f}),
                        camera.view({side * (temple.width + 0.3f), 0.4f, temple.outline - 1.2f})};
    raster.draw(ribbon(arm, std::max(half, 0.12f)), Material::frame, true);
    raster.draw(lens, Material::lens, true);
  }
  const float inner = std::max(eye_x + 0.15f, look.lens_w + 0.5f) - look.lens_w;
  const Vec3 bridge[] = {at(-inner, 0.1f), at(-0.4f * inner, 0.45f), at(0.4f * inner, 0.45f), at(inner, 0.1f)};
  raster.draw(ribbon(bridge, half), Material::frame, true);
}

}  // namespace lineament::synthetic
