// The overlay marks the points and nothing far from them.
#include "lineament/landmarker/overlay.hpp"

#include <cmath>

#include "catch.hpp"
#include "lineament/faces/synthetic.hpp"

using namespace lineament;

namespace {

float nearest(const Landmarks& points, int x, int y) {
  float best = INFINITY;
  for (const Point& p : points) best = std::min(best, distance(p, {static_cast<float>(x), static_cast<float>(y)}));
  return best;
}

int changed(const Image& a, const Image& b) {
  int count = 0;
  for (int y = 0; y < a.height(); ++y)
    for (int x = 0; x < a.width(); ++x) count += !(a.at(x, y) == b.at(x, y));
  return count;
}

}  // namespace

TEST_CASE("points without lines: every point is marked, and only pixels within the radius change") {
  const Landmarks points = draw_face(1, 3, {.size = 160}).points;
  const Image before(160, 160, {40, 50, 60});
  Image after = before;
  const OverlayStyle style{.points = {255, 0, 0}, .radius = 2, .draw_lines = false};
  draw_landmarks(after, points, style);
  for (int y = 0; y < 160; ++y)
    for (int x = 0; x < 160; ++x) {
      const float d = nearest(points, x, y);
      if (d > 3) REQUIRE(after.at(x, y) == before.at(x, y));
      if (d < 1) REQUIRE(after.at(x, y) == Color{255, 0, 0});
    }
}

TEST_CASE("lines join neighbours, and nothing joins jaw and brows or the eyes") {
  Landmarks points(kPoints);
  for (int i = 0; i < kPoints; ++i)
    points[static_cast<std::size_t>(i)] = {20.0f + 8 * static_cast<float>(i % 10),
                                           20.0f + 20 * static_cast<float>(i / 10)};
  const Image before(120, 170);
  Image lines = before, dots = before;
  draw_landmarks(lines, points, {.radius = 1.5f});
  draw_landmarks(dots, points, {.radius = 1.5f, .draw_lines = false});
  CHECK(changed(lines, before) > changed(dots, before));
  const auto between = [&](int a, int b) {
    const Point middle = (points[static_cast<std::size_t>(a)] + points[static_cast<std::size_t>(b)]) * 0.5f;
    return !(lines.at(static_cast<int>(middle.x), static_cast<int>(middle.y)) == Color{});
  };
  for (const auto& [a, b] : {std::pair{0, 1}, {17, 18}, {36, 37}, {36, 41}, {42, 47}, {64, 65}}) CHECK(between(a, b));
  for (const auto& [a, b] : {std::pair{16, 17}, {21, 22}, {26, 27}, {35, 36}, {41, 42}}) CHECK_FALSE(between(a, b));
}

TEST_CASE("points outside the picture, or that are no numbers, are left out") {
  const Image before(50, 50, {1, 2, 3});
  Image after = before;
  Landmarks points(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) points[i] = {-500.0f - static_cast<float>(i), 1e9f};
  draw_landmarks(after, points);
  std::fill(points.begin(), points.end(), Point{NAN, INFINITY});
  draw_landmarks(after, points);
  CHECK(changed(after, before) == 0);
  points[30] = {25, 25};
  draw_landmarks(after, points, {.points = {9, 9, 9}, .radius = 3, .draw_lines = false});
  CHECK(after.at(25, 25) == Color{9, 9, 9});
  Image none;
  draw_landmarks(none, points);
  CHECK(none.empty());
}

TEST_CASE("the bar of a score is as long as it, red below a half, and in the picture where the face ends at its edge") {
  Landmarks points(kPoints, Point{60, 60});
  points[1] = {160, 160};
  const OverlayStyle style;
  const auto count = [&](float score, Color colour, float up = 0) {
    Landmarks moved = points;
    for (Point& p : moved) p.y -= up;
    Image after(220, 220, {1, 2, 3});
    draw_score(after, moved, score);
    int pixels = 0;
    for (int x = 0; x < after.width(); ++x) {
      bool found = false;
      for (int y = 0; y < after.height(); ++y) found = found || after.at(x, y) == colour;
      pixels += found;
    }
    return pixels;
  };
  CHECK(count(0.9f, style.points) == Approx(90).margin(2));
  CHECK(count(0.6f, style.points) == Approx(60).margin(2));
  CHECK(count(0.6f, style.points, 60) == Approx(60).margin(2));
  CHECK(count(0.3f, style.points) == 0);
  CHECK(count(0.3f, Color{220, 40, 40}) == Approx(30).margin(2));
  const Image before(220, 220);
  Image after = before;
  draw_score(after, points, NAN);
  draw_score(after, Landmarks(kPoints, Point{NAN, NAN}), 0.9f);
  CHECK(changed(after, before) == 0);
}

TEST_CASE("the size of the marks follows the face") {
  const auto marked = [](float scale) {
    Landmarks points(kPoints);
    for (std::size_t i = 0; i < kPoints; ++i)
      points[i] = {300 + scale * static_cast<float>(i % 9), 300 + scale * static_cast<float>(i / 9)};
    const Image before(600, 600);
    Image after = before;
    draw_landmarks(after, points, {.draw_lines = false});
    return changed(after, before);
  };
  CHECK(marked(30) > marked(15));  // 240 pixels across: a radius of 2.2; below 110 it is 1
}
