// The camera, and where it sees the 68 points of a head.
#pragma once
#include "head.hpp"
#include "lineament/faces/landmarks.hpp"

namespace lineament::synthetic {

struct Camera {
  Mat3 turn;
  float distance = 80, focal = 1, center_x = 0, center_y = 0;

  static constexpr Vec3 kPivot{0, -3, 2};
  /// Head frame -> camera frame: x to the right, y up, z towards the camera, origin at the pivot.
  constexpr Vec3 view(Vec3 head) const { return turn * (head - kPivot); }
  /// Camera frame -> pixels.
  constexpr Point project(Vec3 v) const {
    const float s = focal / (distance - v.z);
    return {center_x + s * v.x, center_y - s * v.y};
  }
  constexpr Point see(Vec3 head) const { return project(view(head)); }
  /// Directions in the picture of the head's upright axis and of its right; the latter also at a profile, where it has
  /// no length.
  Point upward() const {
    const float n = std::max(std::hypot(turn.r0.y, turn.r1.y), 1e-6f);
    return {turn.r0.y / n, -turn.r1.y / n};
  }
  Point across() const {
    const Point up = upward();
    return {-up.y, up.x};
  }
  /// How far the face looks to its picture's right, and up, along the two: sines of angles.
  float turned() const { return along(across()); }
  float raised() const { return along(upward()); }
  /// Pixels a centimetre of the face spans.
  constexpr float scale() const { return focal / distance; }

 private:
  float along(Point direction) const { return turn.r0.z * direction.x - turn.r1.z * direction.y; }
};

/// A camera that shows the head's points in a size x size picture as the pose asks.
Camera aim(const Head& head, const Pose& pose, int size);

/// Points of features on the surface; jaw points, and points of the far eye and brow, on the visible outline when they
/// are turned out of sight, as annotators of photos put them.
Landmarks place_points(const Head& head, const Camera& camera);

}  // namespace lineament::synthetic
