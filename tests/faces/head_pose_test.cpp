// Poses of drawn heads, which are known.
#include "lineament/faces/head_pose.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <numbers>

#include "../../src/synthetic/points.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

namespace drawn = lineament::synthetic;

constexpr float kDegrees = 180 / std::numbers::pi_v<float>;

struct Case {
  drawn::Pose pose;
  Landmarks points;
  float scale = 1;  // pixels a centimetre
};

Case drawn_case(std::uint64_t seed, std::uint64_t i, const DrawOptions& options = {}) {
  const drawn::Person person = drawn::draw_person(seed, i, options);
  const drawn::Head head(person.identity, person.expression);
  const drawn::Camera camera = drawn::aim(head, person.pose, 300);
  return {person.pose, drawn::place_points(head, camera), camera.scale()};
}

/// Of the average head with an expression.
Case posed(const drawn::Pose& pose, const drawn::Expression& expression = {}) {
  const drawn::Head head(drawn::Identity{}, expression);
  const drawn::Camera camera = drawn::aim(head, pose, 300);
  return {pose, drawn::place_points(head, camera), camera.scale()};
}

struct Errors {
  float yaw = 0, pitch = 0, roll = 0, residual = 0;  // means; degrees, but for the residual
};

template <class Make>
Errors mean_errors(int count, Make&& make) {
  Errors sum;
  for (int i = 0; i < count; ++i) {
    const Case c = make(static_cast<std::uint64_t>(i));
    const HeadPose found = head_pose(c.points);
    sum.yaw += std::abs(found.yaw - c.pose.yaw * kDegrees) / static_cast<float>(count);
    sum.pitch += std::abs(found.pitch - c.pose.pitch * kDegrees) / static_cast<float>(count);
    sum.roll += std::abs(found.roll - c.pose.roll * kDegrees) / static_cast<float>(count);
    sum.residual += found.residual / static_cast<float>(count);
  }
  return sum;
}

void note(const char* what, const Errors& e) {
  WARN(what << ": yaw " << e.yaw << ", pitch " << e.pitch << ", roll " << e.roll << " degrees, residual "
            << e.residual);
}

}  // namespace

TEST_CASE("the poses of 300 drawn faces are found, with the mean errors that the header tells") {
  const Errors e = mean_errors(300, [](std::uint64_t i) { return drawn_case(71, i); });
  note("mean errors of 300 drawn faces", e);
  CHECK(e.yaw < 0.75f);
  CHECK(e.pitch < 1.65f);
  CHECK(e.roll < 0.4f);
  CHECK(e.residual == Approx(0.05).margin(0.01));
}

TEST_CASE("heads turned by up to 60 degrees to either side, all turns as often") {
  const auto far = [](std::uint64_t i) {
    const drawn::Person person = drawn::draw_person(72, i, {});
    drawn::Pose pose = person.pose;
    pose.yaw = (-60 + 120 * (static_cast<float>(i) + 0.5f) / 300) / kDegrees;
    const drawn::Head head(person.identity, person.expression);
    const drawn::Camera camera = drawn::aim(head, pose, 300);
    return Case{pose, drawn::place_points(head, camera), camera.scale()};
  };
  const Errors e = mean_errors(300, far);
  note("turned evenly over 120 degrees", e);
  CHECK(e.yaw < 1.7f);
  CHECK(e.pitch < 1.8f);
  CHECK(e.roll < 0.9f);
}

TEST_CASE("points that are off as annotators' are cost a degree at most") {
  const auto noisy = [](std::uint64_t i) {
    Case c = drawn_case(71, i);
    Random random(9, i, 1);
    for (Point& p : c.points) p = p + Point{random.normal(), random.normal()} * (0.2f * c.scale);  // 2.2 % of the eyes
    return c;
  };
  const Errors e = mean_errors(300, noisy);
  note("points 2 mm off", e);
  CHECK(e.yaw < 1.2f);
  CHECK(e.pitch < 1.8f);
  CHECK(e.roll < 0.7f);
}

TEST_CASE("the signs are as documented") {
  const auto found = [](float yaw, float pitch, float roll) {
    return head_pose(posed({yaw / kDegrees, pitch / kDegrees, roll / kDegrees, 100, 0.5f, 0, 0}).points);
  };
  const HeadPose right = found(20, 0, 0), up = found(0, 15, 0), tilted = found(0, 0, 25), ahead = found(0, 0, 0);
  const auto check = [](const HeadPose& p, double yaw, double pitch, double roll) {
    CHECK(p.yaw == Approx(yaw).margin(1.5));
    CHECK(p.pitch == Approx(pitch).margin(1.5));
    CHECK(p.roll == Approx(roll).margin(0.5));
  };
  check(right, 20, 0, 0);
  check(up, 0, 15, 0);
  check(tilted, 0, 0, 25);
  check(ahead, 0, 0, 0);
  CHECK(std::isnan(ahead.position[0]));
  // Seen in the picture: the nose's tip is to the right of its root; a clockwise tilt lowers the right eye.
  const Landmarks p = posed({20 / kDegrees, 0, 0, 100, 0.5f, 0, 0}).points;
  CHECK(p[30].x > p[27].x);
  const Landmarks q = posed({0, 0, 25 / kDegrees, 100, 0.5f, 0, 0}).points;
  CHECK(q[45].y > q[36].y);
}

TEST_CASE("a picture turned all the way round turns the roll alone") {
  const Case c = drawn_case(71, 5);
  const HeadPose upright = head_pose(c.points);
  for (const float degrees : {-170.0f, -90.0f, 90.0f, 150.0f}) {
    Landmarks turned = c.points;
    const Affine turn = Affine::rotation(-degrees / kDegrees);  // clockwise on screen
    std::transform(turned.begin(), turned.end(), turned.begin(), turn);
    const HeadPose found = head_pose(turned);
    CHECK(found.yaw == Approx(upright.yaw).margin(0.02));
    CHECK(found.pitch == Approx(upright.pitch).margin(0.02));
    CHECK(std::remainder(found.roll - upright.roll - degrees, 360.0f) == Approx(0).margin(0.02));
    CHECK(found.residual == Approx(upright.residual).epsilon(0.01));
  }
}

TEST_CASE("the mirrored face turns and tilts the other way") {
  const Case c = drawn_case(71, 8);
  Landmarks mirrored(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i)
    mirrored[static_cast<std::size_t>(ibug_68().mirror[i])] = {500 - c.points[i].x, c.points[i].y};
  const HeadPose a = head_pose(c.points), b = head_pose(mirrored);
  CHECK(a.yaw == Approx(-b.yaw).margin(0.02));
  CHECK(a.pitch == Approx(b.pitch).margin(0.02));
  CHECK(a.roll == Approx(-b.roll).margin(0.02));
}

TEST_CASE("a crooked grin does not turn the head, and a jaw dropped by 3 cm hardly") {
  drawn::Expression gape, grin;
  gape.jaw = 3, gape.part = 0.4f;
  grin.smile[0] = 1, grin.smile[1] = 0.3f, grin.part = 0.8f;
  for (const float yaw : {0.0f, 0.4f}) {
    const drawn::Pose pose{yaw, 0.1f, 0, 100, 0.5f, 0, 0};
    const HeadPose still = head_pose(posed(pose).points);
    for (const auto& expression : {gape, grin}) {
      const HeadPose found = head_pose(posed(pose, expression).points);
      CHECK(found.yaw == Approx(still.yaw).margin(2));
      CHECK(found.pitch == Approx(still.pitch).margin(3.5));
      CHECK(found.roll == Approx(still.roll).margin(1));
    }
  }
}

TEST_CASE("the mouth's points do not count") {
  Case c = drawn_case(71, 4);
  const HeadPose whole = head_pose(c.points);
  for (std::size_t i = 48; i < kPoints; ++i) c.points[i] = i % 2 == 0 ? kUnknownPoint : Point{1, 2};
  const HeadPose without = head_pose(c.points);
  CHECK(without.yaw == whole.yaw);
  CHECK(without.pitch == whole.pitch);
  CHECK(without.residual == whole.residual);
}

TEST_CASE("a few points far off or unknown do little harm") {
  const Case c = drawn_case(71, 12);
  const HeadPose whole = head_pose(c.points);
  Landmarks some = c.points;
  for (std::size_t i = 0; i < kPoints; i += 3) some[i] = kUnknownPoint;
  CHECK(head_pose(some).yaw == Approx(whole.yaw).margin(2));
  CHECK(head_pose(some).pitch == Approx(whole.pitch).margin(3));
  Landmarks wrong = c.points;
  wrong[45].x += 3 * c.scale;
  wrong[20].y -= 4 * c.scale;
  CHECK(head_pose(wrong).yaw == Approx(whole.yaw).margin(3));
  CHECK(head_pose(wrong).pitch == Approx(whole.pitch).margin(3));
  CHECK(head_pose(wrong).residual > 1.3f * whole.residual);
}

TEST_CASE("with a camera, the angles are to its axes, and the place is told") {
  // The average head seen by a camera that is told here anew, off its axis.
  const drawn::Head head(drawn::Identity{}, drawn::Expression{});
  const float focal = 700;
  const Point center{320, 240};
  const drawn::Vec3 place{20, 8, -90};  // of the pivot: to the right, up, away
  drawn::Camera camera;
  camera.turn = drawn::rotation(12 / kDegrees, -8 / kDegrees, 5 / kDegrees);
  // Points of the surface, without the jaw: by the frontal view, then by the formula of a pinhole camera.
  drawn::Camera front;
  front.distance = front.focal = 1e5f;
  const Landmarks flat = drawn::place_points(head, front);
  Landmarks points(kPoints, kUnknownPoint);
  drawn::Vec3 between{};
  for (std::size_t k = 17; k < kPoints; ++k) {
    const float x = flat[k].x + drawn::Camera::kPivot.x, y = drawn::Camera::kPivot.y - flat[k].y;
    const drawn::Vec3 v = camera.view({x, y, head.depth(x, y)}) + place;
    points[k] = {center.x + focal * v.x / -v.z, center.y - focal * v.y / -v.z};
    if (k == 36 || k == 45) between = between + v * 0.5f;
  }
  const HeadPose found = head_pose(points, {focal, center});
  for (const float wrong : {0.0f, -1.0f, 1e-3f, 1e-30f, std::numeric_limits<float>::infinity()})
    CHECK_THROWS_AS(head_pose(points, {wrong, center}), ArgumentError);
  CHECK(found.yaw == Approx(12).margin(1.5));
  CHECK(found.pitch == Approx(-8).margin(2));
  CHECK(found.roll == Approx(5).margin(0.7));
  CHECK(found.position[0] == Approx(between.x).margin(1));
  CHECK(found.position[1] == Approx(-between.y).margin(1));
  CHECK(found.position[2] == Approx(-between.z).margin(3));
  // Without it, angles are to the line of sight, which leaves the axis by some 13 degrees.
  const HeadPose blind = head_pose(points);
  CHECK(blind.yaw > found.yaw + 8);
}

TEST_CASE("points that tell no pose are refused") {
  const Landmarks points = drawn_case(71, 1).points;
  CHECK_THROWS_AS(head_pose(Landmarks(5)), ArgumentError);
  CHECK_THROWS_AS(head_pose(Landmarks(kPoints)), ArgumentError);                 // all in one place
  CHECK_THROWS_AS(head_pose(Landmarks(kPoints, kUnknownPoint)), ArgumentError);  // none known
  Landmarks line = points;
  for (Point& p : line) p.y = 0.5f * p.x;
  CHECK_THROWS_AS(head_pose(line), ArgumentError);
  Landmarks eye(kPoints, kUnknownPoint);
  std::copy(points.begin() + 36, points.begin() + 42, eye.begin() + 36);
  CHECK_THROWS_WITH(head_pose(eye), Catch::Contains("too near"));
  Landmarks five = points;
  std::fill(five.begin() + 5, five.end(), kUnknownPoint);
  CHECK_THROWS_WITH(head_pose(five), Catch::Contains("6 or more") && Catch::Contains("got 5"));
  CHECK_THROWS_AS(head_pose(points, {0, {}}), ArgumentError);
  CHECK_THROWS_AS(head_pose(points, {std::nanf(""), {}}), ArgumentError);
}

TEST_CASE("a pose is found in microseconds", "[.time]") {
  const Case c = drawn_case(71, 3);
  constexpr int kTimes = 20000;
  const std::clock_t start = std::clock();
  float sum = 0;
  for (int i = 0; i < kTimes; ++i) sum += head_pose(c.points).yaw;
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  WARN(1e6 * seconds / kTimes << " us, yaw " << sum / kTimes);
}
