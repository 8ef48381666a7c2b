// Points, boxes and affine maps. Coordinates are 0-based with pixel centres at integers, so a picture of width w covers
// x from -0.5 to w - 0.5.
#pragma once
#include <cmath>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

struct Point {
  float x = 0, y = 0;
  friend constexpr bool operator==(Point, Point) = default;
};
constexpr Point operator+(Point a, Point b) {
  return {a.x + b.x, a.y + b.y};
}
constexpr Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
constexpr Point operator*(Point a, float s) {
  return {a.x * s, a.y * s};
}
inline float distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

/// Left/top edge and size; the area it covers is [x, x + width) x [y, y + height).
struct Box {
  float x = 0, y = 0, width = 0, height = 0;
  constexpr Point center() const { return {x + width / 2, y + height / 2}; }
  friend constexpr bool operator==(Box, Box) = default;
};

/// x' = a x + b y + c,  y' = d x + e y + f.
struct Affine {
  float a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;

  constexpr Point operator()(Point p) const { return {a * p.x + b * p.y + c, d * p.x + e * p.y + f}; }

  /// (this * m)(p) = this(m(p)).
  constexpr Affine operator*(const Affine& m) const {
    return {a * m.a + b * m.d, a * m.b + b * m.e, a * m.c + b * m.f + c,
            d * m.a + e * m.d, d * m.b + e * m.e, d * m.c + e * m.f + f};
  }
  /// Requires a*e - b*d != 0.
  constexpr Affine inverse() const {
    const float det = a * e - b * d;
    return {e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det};
  }

  static constexpr Affine translation(float x, float y) { return {1, 0, x, 0, 1, y}; }
  static constexpr Affine scaling(float x, float y) { return {x, 0, 0, 0, y, 0}; }
  /// Counter-clockwise on screen axes (y down: turns x towards -y) by `radians`.
  static Affine rotation(float radians) {
    const float cs = std::cos(radians), sn = std::sin(radians);
    return {cs, sn, 0, -sn, cs, 0};
  }
};

/// The box around what a map without turning other than by quarters makes of a box.
constexpr Box moved(const Box& box, const Affine& map) {
  const Point a = map({box.x, box.y}), b = map({box.x + box.width, box.y + box.height});
  const bool turned_x = b.x < a.x, turned_y = b.y < a.y;
  return {turned_x ? b.x : a.x, turned_y ? b.y : a.y, turned_x ? a.x - b.x : b.x - a.x,
          turned_y ? a.y - b.y : b.y - a.y};
}

}  // namespace lineament
