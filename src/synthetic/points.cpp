// The 68 points: positions on features, and the search for the visible outline. Scheme: Sagonas et al., ICCV workshops
// 2013.
#include "points.hpp"

#include "lineament/faces/box.hpp"

namespace lineament::synthetic {
namespace {

struct Front {
  float x, y;
};

Vec3 surface(const Head& head, Front p) {
  const Section s = head.section(p.y);
  const float x = std::clamp(p.x, -s.width, s.width);
  return {x, p.y, head.depth(x, p.y, s)};
}

/// The farthest point in direction `away` (pixels) that the surface reaches between `from` and `to`: `to` itself while
/// it is in sight, a point of the outline in front of it when it has turned away.
Point outermost(const Head& head, const Camera& camera, Front from, Front to, Point away) {
  const auto at = [&](float t) { return camera.see(surface(head, {mix(from.x, to.x, t), mix(from.y, to.y, t)})); };
  const auto reach = [&](Point p) { return p.x * away.x + p.y * away.y; };
  constexpr int kSteps = 12;
  float best = 1, best_reach = reach(at(1));
  for (int i = 0; i < kSteps; ++i) {
    // Square-root spacing: near the edge of a section the surface turns fast.
    const float t = std::sqrt(static_cast<float>(i) / kSteps), r = reach(at(t));
    if (r > best_reach) best = t, best_reach = r;
  }
  float step = 0.06f;
  for (int i = 0; i < 5; ++i, step *= 0.5f) {
    for (const float t : {best - step, best + step}) {
      if (t < 0 || t > 1) continue;
      const float r = reach(at(t));
      if (r > best_reach) {
        best = t, best_reach = r;
        break;
      }
    }
  }
  return at(best);
}

void place_jaw(const Head& head, const Camera& camera, Landmarks& points) {
  // The outline from the ear, at the eyes' level, to the chin, cut into eight equal lengths.
  constexpr int kFine = 64;
  std::array<Front, kFine + 1> line;
  std::array<float, kFine + 1> length{};
  for (int i = 0; i <= kFine; ++i) {
    const float part = static_cast<float>(i) / kFine;
    const float y = mix(0.15f, head.chin(), 1 - square(1 - part));
    line[i] = {head.section(y).width, y};
    if (i > 0) length[i] = length[i - 1] + std::hypot(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y);
  }
  const auto along = [&](float wanted) {
    int i = 1;
    while (i < kFine && length[i] < wanted) ++i;
    const float t = clamp01((wanted - length[i - 1]) / (length[i] - length[i - 1]));
    return Front{mix(line[i - 1].x, line[i].x, t), mix(line[i - 1].y, line[i].y, t)};
  };
  const Point across = camera.across(), upward = camera.upward();
  for (int k = 0; k <= 8; ++k) {
    const float total = length[kFine], here = total * static_cast<float>(k) / 8;
    const Front p = along(here), before = along(std::max(0.0f, here - 0.05f * total)),
                after = along(std::min(total, here + 0.05f * total));
    float nx = before.y - after.y, ny = -(before.x - after.x);  // outward normal in the front view, y up
    if (k == 8) nx = 0, ny = -1;
    const float n = std::hypot(nx, ny);
    nx /= n, ny = -std::abs(ny) / n;
    for (const float side : {-1.0f, 1.0f}) {
      const Point away = across * (side * nx) + upward * ny;
      const Front from{side * 0.45f * p.x, p.y - 1.8f * ny}, to{side * p.x, p.y};
      points[side < 0 ? k : 16 - k] = outermost(head, camera, from, to, away);
    }
  }
}

}  // namespace

Landmarks place_points(const Head& head, const Camera& camera) {
  Landmarks points(kPoints);
  place_jaw(head, camera, points);
  const Features& f = head.features();
  const auto put = [&](int i, float x, float y) { points[i] = camera.see(surface(head, {x, y})); };
  // Points of the eye and brow on the far side stop at the outline.
  const auto put_side = [&](int i, float x, float y) {
    const float side = x < 0 ? -1.0f : 1.0f;
    points[i] = outermost(head, camera, {0.6f * x, y}, {x, y}, camera.across() * side);
  };
  constexpr float kBrow[] = {1, 0.6f, 0.08f, -0.47f, -1};  // outer to inner
  for (int k = 0; k < 2; ++k) {
    const Brow& b = f.brow[k];
    for (int i = 0; i < 5; ++i) {
      const float u = kBrow[i];
      put_side(k == 0 ? 17 + i : 26 - i, b.x_at(u), b.y_at(u));
    }
    const Eye& e = f.eye[k];
    const auto lid = [&](int left, int other, float u, bool upper) {
      put_side(k == 0 ? left : other, e.x_at(u), upper ? e.upper_y(u) : e.lower_y(u));
    };
    lid(36, 45, 1, true);
    lid(37, 44, 0.39f, true);
    lid(38, 43, -0.37f, true);
    lid(39, 42, -1, true);
    lid(40, 47, -0.33f, false);
    lid(41, 46, 0.42f, false);
  }
  const Nose& nose = f.nose;
  for (int i = 0; i < 4; ++i) put(27 + i, 0, mix(0.25f, nose.tip, static_cast<float>(i) / 3));
  const float lift[] = {0.42f, 0.18f, 0, 0.18f, 0.42f}, across[] = {-0.86f, -0.44f, 0, 0.44f, 0.86f};
  for (int i = 0; i < 5; ++i) put(31 + i, across[i] * nose.width, nose.base + lift[i]);
  const Mouth& m = f.mouth;
  const float upper[] = {-1, -0.63f, -0.26f, 0, 0.26f, 0.63f, 1}, lower[] = {0.65f, 0.28f, 0, -0.28f, -0.65f};
  for (int i = 0; i < 7; ++i) put(48 + i, m.x_at(upper[i]), m.outer_up(upper[i]));
  for (int i = 0; i < 5; ++i) put(55 + i, m.x_at(lower[i]), m.outer_low(lower[i]));
  const float inner[] = {-Mouth::kInner, -0.26f, 0, 0.26f, Mouth::kInner};
  for (int i = 0; i < 5; ++i) put(60 + i, m.x_at(inner[i]), m.inner_up(inner[i]));
  for (int i = 1; i < 4; ++i) put(68 - i, m.x_at(inner[i]), m.inner_low(inner[i]));
  return points;
}

Camera aim(const Head& head, const Pose& pose, int size) {
  Camera c{rotation(pose.yaw, pose.pitch, pose.roll), pose.distance};
  const Box box = bounding_box(place_points(head, c));
  const float side = static_cast<float>(size), larger = std::max(box.width, box.height);
  c.focal = pose.face * side / larger;
  // The projection is linear in focal, so the box only has to be scaled and moved.
  c.center_x = (0.5f + pose.shift_x) * side - 0.5f - c.focal * box.center().x;
  c.center_y = (0.5f + pose.shift_y) * side - 0.5f - c.focal * box.center().y;
  return c;
}

}  // namespace lineament::synthetic
