// Distances of lids and lips, and what to divide them by.
#include "lineament/faces/openings.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lineament/faces/scheme.hpp"
#include "mean_head.hpp"

namespace lineament {
namespace {

/// Outer eye corners' distance as it would be from the front, pixels.
float frontal_corners(const Landmarks& points, const HeadPose& pose) {
  require_points(points, ibug_68(), "openings");
  constexpr float kRadians = std::numbers::pi_v<float> / 180;
  const float along = std::cos(pose.yaw * kRadians), nodded = std::sin(pose.pitch * kRadians),
              away = std::sin(pose.yaw * kRadians);
  // What a turn leaves of a line across the head. Never a profile's nothing, which is no measure.
  const float left = std::max(std::hypot(along, nodded * away), 0.2f);
  return distance(points[36], points[45]) / left;
}

/// Of one eye whose points begin at `first`.
float lid_distance(const Landmarks& points, std::size_t first) {
  return 0.5f * (distance(points[first + 1], points[first + 5]) + distance(points[first + 2], points[first + 4]));
}

}  // namespace

std::array<float, 2> eye_aspect_ratio(const Landmarks& points) {
  require_points(points, ibug_68(), "eye_aspect_ratio");
  const auto ratio = [&](std::size_t first) {
    return lid_distance(points, first) / distance(points[first], points[first + 3]);
  };
  return {ratio(36), ratio(42)};
}

std::array<float, 2> eye_opening(const Landmarks& points) {
  return eye_opening(points, head_pose(points));
}

std::array<float, 2> eye_opening(const Landmarks& points, const HeadPose& pose) {
  // One eye's share of the corners' distance.
  constexpr float kEye = (kMeanHead[39].x - kMeanHead[36].x) / (kMeanHead[45].x - kMeanHead[36].x);
  const float width = kEye * frontal_corners(points, pose);
  return {lid_distance(points, 36) / width, lid_distance(points, 42) / width};
}

float mouth_opening(const Landmarks& points) {
  return mouth_opening(points, head_pose(points));
}

float mouth_opening(const Landmarks& points, const HeadPose& pose) {
  const float corners = frontal_corners(points, pose);
  float sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += distance(points[61 + i], points[67 - i]);
  return sum / 3 / corners;
}

}  // namespace lineament
