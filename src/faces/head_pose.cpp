// Perspective-n-point with the mean head. Everything is in double and on the stack.
#include "lineament/faces/head_pose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"
#include "mean_head.hpp"
#include "small_algebra.hpp"

namespace lineament {
namespace {

constexpr int kFewestPoints = 6;
constexpr double kUsualDistance = 100;  // cm; see the header
constexpr double kAnnotation = 0.15;    // cm that points are off anyway, added to what they stray
constexpr double kHuberLimit = 2.5;     // deviations from which on a point counts less
constexpr double kOuterEyeCorners = 9;  // cm apart, about
constexpr Vector3 kPivot{0, -3, 2};     // what a head turns about; any place inside would do

/// What is solved for: the head's turn, and a camera before it.
/// A head point X is seen at origin + focal / (away - v.z) * (v.x + right, -(v.y + up)), v = turn * (X - pivot).
struct HeadView {
  Rotation turn;
  double right = 0, up = 0, away = kUsualDistance;  // cm
  double focal = 0, origin_x = 0, origin_y = 0;     // pixels

  double scale() const { return focal / away; }  // pixels a centimetre
};

struct PointSight {
  Vector3 v;
  double x = 0, y = 0, depth = 0;  // pixels from the origin; cm from the camera
};

PointSight sight_of(const HeadView& view, const Vector3& place) {
  const Vector3 v = view.turn * (place - kPivot);
  const double depth = view.away - v.z, unit = view.focal / depth;
  return {v, unit * (v.x + view.right), -unit * (v.y + view.up), depth};
}

struct KnownPoint {
  Vector3 place;
  double x = 0, y = 0, stray = 0;  // pixels; cm
  bool outline = false;            // of the jaw, but not of the chin
  double weight = 0;
};

struct KnownPoints {
  std::array<KnownPoint, kMeanHeadPoints> list;
  int count = 0;

  KnownPoint* begin() { return list.data(); }
  KnownPoint* end() { return list.data() + count; }
  const KnownPoint* begin() const { return list.data(); }
  const KnownPoint* end() const { return list.data() + count; }
};

ArgumentError degenerate(const char* what) {
  return ArgumentError({"head_pose", what, "points that are spread over a face", "", "leave the face out"});
}

KnownPoints known_points(const Landmarks& points) {
  require_points(points, ibug_68(), "head_pose");
  KnownPoints known;
  for (std::size_t i = 0; i < kMeanHead.size(); ++i) {
    if (!is_known(points[i])) continue;
    const MeanHeadPoint& p = kMeanHead[i];
    const double stray = std::hypot(static_cast<double>(p.stray), kAnnotation);
    known.list[static_cast<std::size_t>(known.count++)] = {
        {p.x, p.y, p.z}, points[i].x, points[i].y, stray, i < 7 || (i > 9 && i < 17), 1 / (stray * stray)};
  }
  if (known.count >= kFewestPoints) return known;
  throw ArgumentError({"head_pose", "too few known points besides the mouth's",
                       std::to_string(kFewestPoints) + " or more", std::to_string(known.count), "leave the face out"});
}

/// Scaled orthography: the affine map that fits best, then the rotation nearest to its two rows.
HeadView orthographic(const KnownPoints& known) {
  double sum = 0, x = 0, y = 0;
  Vector3 middle{};
  for (const KnownPoint& p : known) {
    sum += p.weight, x += p.weight * p.x, y += p.weight * p.y;
    middle = middle + p.place * p.weight;
  }
  x /= sum, y /= sum, middle = middle * (1 / sum);
  Symmetric<3> spread;
  Vector3 row_x{}, row_y{};
  for (const KnownPoint& p : known) {
    const Vector3 d = p.place - middle;
    spread.add({d.x, d.y, d.z}, p.weight / sum);
    row_x = row_x + d * (p.weight / sum * (p.x - x));
    row_y = row_y + d * (p.weight / sum * (y - p.y));
  }
  constexpr double kFlat = 0.09;  // cm^2: a third of a centimetre in every direction
  const auto root = cholesky(spread);
  if (!root || root->smallest_pivot() < kFlat) throw degenerate("the known points are too near to one another");
  row_x = root->solve(row_x), row_y = root->solve(row_y);

  const double a = length(row_x), b = length(row_y);
  const Vector3 u = row_x * (1 / a) + row_y * (1 / b), v = row_x * (1 / a) - row_y * (1 / b);
  // Of a head they are orthogonal and as long as one another; noise and perspective leave them nearly so.
  constexpr double kThin = 0.1;
  if (!(std::min(a, b) > kThin * std::max(a, b)) || !(std::min(length(u), length(v)) > kThin))
    throw degenerate("the points lie in one place or on a line");
  const Vector3 p = u * (std::numbers::sqrt2 / 2 / length(u)), q = v * (std::numbers::sqrt2 / 2 / length(v));
  HeadView view;
  view.turn = {p + q, p - q, cross(p + q, p - q)};
  view.focal = 0.5 * (a + b) * view.away;
  const Vector3 pivot = view.turn * (kPivot - middle);
  view.origin_x = x + view.scale() * pivot.x, view.origin_y = y - view.scale() * pivot.y;
  return view;
}

/// The same view, by a camera whose focal length and axis are known.
HeadView through(const PinholeCamera& camera, const HeadView& found) {
  HeadView view = found;
  view.focal = camera.focal, view.origin_x = camera.center.x, view.origin_y = camera.center.y;
  view.away = camera.focal / found.scale();
  view.right = (found.origin_x - view.origin_x) / found.scale();
  view.up = (view.origin_y - found.origin_y) / found.scale();
  return view;
}

/// Square of a point's distance in the picture, cm^2 at `scale` pixels a centimetre.
double squared_off(const HeadView& view, const KnownPoint& p, const PointSight& s, double scale) {
  const double x = p.x - view.origin_x - s.x, y = p.y - view.origin_y - s.y;
  return (x * x + y * y) / (scale * scale);
}

double misfit(const HeadView& view, const KnownPoints& known, double scale) {
  double sum = 0;
  for (const KnownPoint& p : known) {
    const PointSight s = sight_of(view, p.place);
    if (!(s.depth > 1)) return std::numeric_limits<double>::infinity();  // behind the camera
    sum += p.weight * squared_off(view, p, s, scale);
  }
  return sum;
}

double yaw_of(const HeadView& view) {
  return std::atan2(-view.turn.r2.x, view.turn.r2.z);
}

/// Points by how far they stray, and how far off they are now.
void weigh_points(const HeadView& view, KnownPoints& known) {
  // Between these turns, degrees, points of the jaw lose what they say: 1 cm off at 37 degrees, 2 at 50.
  constexpr double kFirst = 20, kLast = 40;
  const double turned = std::abs(yaw_of(view)) * 180 / std::numbers::pi;
  const double kept = 1 - std::clamp((turned - kFirst) / (kLast - kFirst), 0.0, 1.0);
  for (KnownPoint& p : known) {
    const double variance = p.stray * p.stray,
                 squared = squared_off(view, p, sight_of(view, p.place), view.scale()) / variance;
    p.weight = (squared > kHuberLimit * kHuberLimit ? kHuberLimit / std::sqrt(squared) : 1) / variance;
    if (p.outline) p.weight *= kept * kept;
  }
}

using PoseStep = std::array<double, 6>;

/// How a point moves in the picture, cm, for a turn about each of the camera's axes and the other three unknowns.
void derivatives(const HeadView& view, const PointSight& s, bool camera_known, PoseStep& dx, PoseStep& dy) {
  const double unit = view.away / s.depth, per_z_x = s.x / s.depth / view.scale(),
               per_z_y = s.y / s.depth / view.scale();
  dx = {per_z_x * s.v.y, unit * s.v.z - per_z_x * s.v.x, -unit * s.v.y};
  dy = {unit * s.v.z + per_z_y * s.v.y, -per_z_y * s.v.x, -unit * s.v.x};
  if (camera_known) {  // right, up, log of away
    dx[3] = unit, dx[5] = -per_z_x * view.away;
    dy[4] = -unit, dy[5] = -per_z_y * view.away;
  } else {  // the origin, log of the focal length
    dx[3] = 1, dx[5] = s.x / view.scale();
    dy[4] = -1, dy[5] = s.y / view.scale();
  }
}

HeadView moved_view(const HeadView& view, const PoseStep& step, bool camera_known) {
  HeadView next = view;
  next.turn = rotation_about({step[0], step[1], step[2]}) * view.turn;
  if (camera_known) {
    next.right += step[3], next.up += step[4], next.away *= std::exp(step[5]);
  } else {
    next.origin_x += view.scale() * step[3], next.origin_y -= view.scale() * step[4];
    next.focal *= std::exp(step[5]);
  }
  return next;
}

void refine_view(HeadView& view, KnownPoints& known, bool camera_known) {
  constexpr int kMost = 12;
  constexpr double kEnough = 1e-4;  // radians or cm: less than a hundredth of a degree
  double damping = 1e-6;
  for (int round = 0; round < kMost; ++round) {
    weigh_points(view, known);
    const double scale = view.scale();
    Symmetric<6> normal;
    PoseStep gradient{};
    for (const KnownPoint& p : known) {
      const PointSight s = sight_of(view, p.place);
      const double rx = (p.x - view.origin_x - s.x) / scale, ry = (p.y - view.origin_y - s.y) / scale;
      PoseStep dx, dy;
      derivatives(view, s, camera_known, dx, dy);
      normal.add(dx, p.weight), normal.add(dy, p.weight);
      for (std::size_t i = 0; i < 6; ++i) gradient[i] += p.weight * (dx[i] * rx + dy[i] * ry);
    }
    const double before = misfit(view, known, scale);
    double longest = 0;
    for (; damping < 1e9; damping *= 10) {
      const auto root = cholesky(normal.damped(damping));
      if (!root) continue;
      const PoseStep step = root->solve(gradient);
      const HeadView next = moved_view(view, step, camera_known);
      if (!(misfit(next, known, scale) <= before)) continue;
      for (const double d : step) longest = std::max(longest, std::abs(d));
      view = next;
      break;
    }
    damping = std::max(damping * 0.1, 1e-6);
    if (longest < kEnough) return;
  }
}

HeadPose pose_of(const HeadView& view, const KnownPoints& known, bool camera_known) {
  constexpr double kDegrees = 180 / std::numbers::pi;
  HeadPose pose;
  pose.yaw = static_cast<float>(kDegrees * yaw_of(view));
  pose.pitch = static_cast<float>(kDegrees * std::asin(std::clamp(-view.turn.r2.y, -1.0, 1.0)));
  pose.roll = static_cast<float>(kDegrees * std::atan2(view.turn.r0.y, view.turn.r1.y));
  double sum = 0;
  for (const KnownPoint& p : known) sum += squared_off(view, p, sight_of(view, p.place), view.scale()) / known.count;
  pose.residual = static_cast<float>(std::sqrt(sum) / kOuterEyeCorners);
  pose.position.fill(std::numeric_limits<float>::quiet_NaN());
  if (camera_known) {
    const MeanHeadPoint &left = kMeanHead[36], &right = kMeanHead[45];
    const Vector3 eyes{0, 0.5 * static_cast<double>(left.y + right.y), 0.5 * static_cast<double>(left.z + right.z)};
    const PointSight s = sight_of(view, eyes);
    pose.position = {static_cast<float>(s.v.x + view.right), static_cast<float>(-(s.v.y + view.up)),
                     static_cast<float>(s.depth)};
  }
  return pose;
}

HeadPose solved_pose(const Landmarks& points, const PinholeCamera* camera) {
  KnownPoints known = known_points(points);
  HeadView view = orthographic(known);
  if (camera) {
    view = through(*camera, view);
    if (!std::isfinite(misfit(view, known, view.scale())))
      throw ArgumentError({"head_pose: camera", "its focal length does not fit the face: the head would be in the lens",
                           "pixels: the picture's width / (2 tan(half the field of view))",
                           "focal " + std::to_string(camera->focal), ""});
  }
  refine_view(view, known, camera != nullptr);
  return pose_of(view, known, camera != nullptr);
}

}  // namespace

HeadPose head_pose(const Landmarks& points) {
  return solved_pose(points, nullptr);
}

HeadPose head_pose(const Landmarks& points, const PinholeCamera& camera) {
  if (!(camera.focal > 0) || !std::isfinite(camera.focal) || !std::isfinite(camera.center.x) ||
      !std::isfinite(camera.center.y))
    throw ArgumentError({"head_pose: camera", "it has no focal length or center",
                         "finite numbers, a focal length above 0", "focal " + std::to_string(camera.focal), ""});
  return solved_pose(points, &camera);
}

}  // namespace lineament
