// The 68 points: positions on features, and the search for the visible outline. Scheme: Sagonas et al., ICCV workshops
// 2013.
#include "points.hpp"

#include "convention.hpp"
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

/// The visible outline of one side, ear to chin, as kPlaces points of the picture.
class JawLine {
 public:
  static constexpr int kPlaces = 17;

  JawLine(const Head& head, const Camera& camera, float side) : head_(head), camera_(camera), side_(side) {
    const float turned = side * camera.turned();  // above 0: the side that is turned away
    const float ear = kJawEar - (turned > 0 ? kJawEarFar : kJawEarNear) * turned + kJawEarDown * camera.raised();
    for (int i = 0; i < kPlaces; ++i) {
      const float part = static_cast<float>(i) / (kPlaces - 1);
      outline_[i] = {0, mix(ear, head.chin(), 1 - square(1 - part))};
      outline_[i].x = head.section(outline_[i].y).width;
    }
    for (int i = 0; i < kPlaces; ++i) seen_[i] = see(i);
  }

  /// Eight steps along the picture's line, as annotators space them: nine points, the chin's last.
  std::array<Point, 9> points() const {
    std::array<float, kPlaces> length{};
    for (int i = 1; i < kPlaces; ++i) length[i] = length[i - 1] + distance(seen_[i - 1], seen_[i]);
    std::array<Point, 9> points;
    for (int k = 0, i = 1; k <= 8; ++k) {
      const float wanted = kJawPlace[k] * length[kPlaces - 1];
      while (i + 1 < kPlaces && length[i] < wanted) ++i;
      const float t = clamp01((wanted - length[i - 1]) / std::max(length[i] - length[i - 1], 1e-6f));
      points[k] = seen_[i - 1] + (seen_[i] - seen_[i - 1]) * t;
    }
    return points;
  }

 private:
  Point see(int i) const {
    const Front p = outline_[i], before = outline_[std::max(0, i - 1)], after = outline_[std::min(kPlaces - 1, i + 1)];
    float nx = before.y - after.y, ny = -(before.x - after.x);  // outward normal in the front view, y up
    if (i == kPlaces - 1) nx = 0, ny = -1;
    const float n = std::hypot(nx, ny);
    nx /= n, ny = -std::abs(ny) / n;
    const Point away = camera_.across() * (side_ * nx) + camera_.upward() * ny;
    const Front from{side_ * 0.25f * p.x, p.y - 1.8f * ny}, to{side_ * p.x, p.y};
    // Inside the visible outline, wherever the head's turn puts it.
    const float inside = jaw_inside(static_cast<float>(i) / (kPlaces - 1)) * camera_.scale();
    return outermost(head_, camera_, from, to, away) - away * (inside / std::hypot(away.x, away.y));
  }

  const Head& head_;
  const Camera& camera_;
  float side_;
  std::array<Front, kPlaces> outline_;
  std::array<Point, kPlaces> seen_;
};

void place_jaw(const Head& head, const Camera& camera, Landmarks& points) {
  const std::array<Point, 9> left = JawLine(head, camera, -1).points(), right = JawLine(head, camera, 1).points();
  for (int k = 0; k <= 8; ++k) points[k] = left[k], points[16 - k] = right[k];
}

void place_brow_and_eye(const Features& f, int k, auto put_side) {
  constexpr float kBrow[] = {1, 0.6f, 0.08f, -0.47f, -1};  // outer to inner
  const Brow& b = f.brow[k];
  for (int i = 0; i < 5; ++i)
    put_side(k == 0 ? 17 + i : 26 - i, b.x_at(kBrow[i]) - b.side * kBrowHabit[i].in,
             b.y_at(kBrow[i]) + kBrowHabit[i].up);
  // The outer corner: where white is last seen, short of where the lids' edges meet; the points between follow it.
  constexpr float kOuter = 0.82f, kUpper[] = {0.235f, -0.44f}, kLower[] = {-0.4f, 0.26f};
  const Eye& e = f.eye[k];
  const auto lid = [&](int left, int other, float u, float y, Habit habit) {
    put_side(k == 0 ? left : other, e.x_at(u) - e.side * habit.in, y + habit.up);
  };
  lid(36, 45, kOuter, 0.5f * (e.upper_y(kOuter) + e.lower_y(kOuter)), kOuterEyeHabit);
  for (int i = 0; i < 2; ++i) {
    // Closed lids meet in one line: the upper one's points never pass the lower one's.
    const float least = e.lower_y(kUpper[i]) + kLowerLidHabit[i].up - kUpperLidHabit[i].up;
    lid(37 + i, 44 - i, kUpper[i], std::max(e.upper_y(kUpper[i]), least), kUpperLidHabit[i]);
    lid(40 + i, 47 - i, kLower[i], e.lower_y(kLower[i]), kLowerLidHabit[1 - i]);
  }
  lid(39, 42, -1, e.upper_y(-1), kInnerEyeHabit);
}

void place_nose(const Nose& nose, auto put) {
  for (int i = 0; i < 4; ++i) put(27 + i, 0, mix(0.25f, nose.tip, static_cast<float>(i) / 3) + kBridgeHabit[i].up);
  constexpr float kLift[] = {0.5f, 0.23f, 0}, kAcross[] = {0.86f, 0.44f, 0};  // wing to middle
  for (int i = 0; i < 3; ++i) {
    const float x = kAcross[i] * nose.width - kNostrilHabit[i].in, y = nose.base + kLift[i] + kNostrilHabit[i].up;
    put(31 + i, -x, y);
    put(35 - i, x, y);
  }
}

void place_mouth(const Mouth& m, auto put) {
  constexpr float kUpper[] = {1, 0.63f, 0.26f, 0}, kLower[] = {0.65f, 0.28f, 0};  // corner to middle
  constexpr float kInner[] = {Mouth::kInner, 0.26f, 0};
  for (const float side : {-1.0f, 1.0f}) {
    const bool left = side < 0;
    const auto place = [&](int from_left, int from_right, float t, float y, Habit habit) {
      put(left ? from_left : from_right, m.x_at(t) - side * habit.in, y + habit.up);
    };
    for (int i = 0; i < 4; ++i)
      place(48 + i, 54 - i, side * kUpper[i], m.outer_up(side * kUpper[i]), kUpperLipHabit[i]);
    for (int i = 0; i < 3; ++i) {
      place(59 - i, 55 + i, side * kLower[i], m.outer_low(side * kLower[i]), kLowerLipHabit[i]);
    }
    place(60, 64, side * kInner[0], m.seam(side * kInner[0]), kInnerCornerHabit);
    for (int i = 0; i < 2; ++i) {
      const float t = side * kInner[i + 1], low = m.inner_low(t) + kInnerLowerHabit[i].up;
      place(67 - i, 65 + i, t, low, {kInnerLowerHabit[i].in, 0});
      // Closed lips meet in one line: the upper one's points never pass the lower one's.
      const float up = std::max(m.inner_up(t) + kInnerUpperHabit[i].up, low);
      place(61 + i, 63 - i, t, up, {kInnerUpperHabit[i].in, 0});
    }
  }
}

void move_forward(const Camera& camera, Landmarks& points) {
  const Point aside = camera.across() * (camera.turned() * camera.scale()),
              upward = camera.upward() * (camera.raised() * camera.scale());
  for (int i = 0; i < kPoints; ++i) {
    const bool far = i < 17 && static_cast<float>(i - 8) * camera.turned() > 0;
    points[i] = points[i] + (aside * (far ? forward_on_outline(i) : 1) + upward) * kForward[i];
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
  for (int k = 0; k < 2; ++k) place_brow_and_eye(f, k, put_side);
  place_nose(f.nose, put);
  place_mouth(f.mouth, put);
  move_forward(camera, points);
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
