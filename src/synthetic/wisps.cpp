// Hair before the face: beards, and strands and locks that start at the hairline and hang along the head's front.
#include "shade.hpp"
#include "stroke.hpp"

namespace lineament::synthetic {
namespace {

int side_of(std::span<const Vec3> color) {
  return static_cast<int>(std::lround(std::sqrt(static_cast<double>(color.size()))));
}

}  // namespace

void draw_beard(std::span<Vec3> color, const Camera& camera, const Look& look, const Landmarks& points,
                Random& random) {
  const int size = side_of(color);
  const Point down = camera.upward() * -1;
  const float pixels = camera.scale();
  constexpr int kHairs = 170;
  for (int k = 0; k < kHairs; ++k) {
    // Places along the jaw from ear to ear, dense at the chin.
    const float q = random.uniform(-1, 1), place = 8 + 6.5f * q * (0.5f + 0.5f * std::abs(q));
    const int i = static_cast<int>(place);
    const Point root = points[i] + (points[i + 1] - points[i]) * (place - static_cast<float>(i)) -
                       down * (pixels * random.uniform(0, 0.6f));
    const float length = look.beard_length * (1 - 0.75f * q * q) * random.uniform(0.5f, 1);
    const Point way = down + camera.across() * (0.7f * q + random.normal(0, 0.15f));
    const Vec3 paint = look.brow * random.uniform(0.5f, 1.5f);
    draw_bar(color, size, {root, root + way * (pixels * length), 0.09f * pixels, paint}, look);
  }
}

void draw_wisps(std::span<Vec3> color, const Head& head, const Camera& camera, const Look& look, Random& random) {
  const int size = side_of(color);
  // Together they hang to one side, or frame the face as a curtain.
  const float lean = random.uniform(-0.8f, 0.8f), middle = random.uniform(-5, 5), width = random.uniform(1, 5);
  const bool curtain = random.chance(0.4f);
  const float thick = random.chance(0.5f) ? random.uniform(0.02f, 0.06f) : random.uniform(0.05f, 0.18f);
  for (int k = 0; k < look.wisps; ++k) {
    const float side = random.chance(0.5f) ? 1.0f : -1.0f;
    float x = curtain ? side * random.uniform(4.2f, 7) : middle + width * random.uniform(-1, 1);
    float y = curtain ? random.uniform(2, 5.5f) : look.hairline + random.uniform(-0.5f, 1.5f);
    const float end = curtain ? random.uniform(-13, -3) : y - random.uniform(1.5f, 8);
    const float drift = curtain ? side * random.uniform(-0.25f, 0.1f) : lean + random.uniform(-0.3f, 0.3f);
    const float curl = random.uniform(-0.35f, 0.35f), off = random.uniform(0.2f, 0.8f);
    const Vec3 paint = look.hair * random.uniform(0.5f, 1.4f);
    Point from{};
    for (int i = 0; y > end; ++i) {
      const Section s = head.section(y);
      const float inside = std::clamp(x, -s.width, s.width);
      const float sideways = std::max(0.0f, std::abs(x) - s.width);
      const Point to = camera.see({x, y, head.depth(inside, y, s) + off - 0.5f * sideways});
      const float tip = ramp(end, end + 2, y);
      if (i > 0) draw_bar(color, size, {from, to, thick * camera.scale() * (0.3f + 0.7f * tip), paint}, look);
      from = to;
      constexpr float kStep = 0.7f;
      x += kStep * (drift + curl * std::sin(0.9f * y + static_cast<float>(k)));
      y -= kStep;
    }
  }
}

}  // namespace lineament::synthetic
