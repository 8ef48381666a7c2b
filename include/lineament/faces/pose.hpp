// How far a face is turned, from its points alone.
#pragma once
#include <cmath>
#include <cstddef>
#include <string>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// How far the points of the middle of the face (those that are their own mirror image) lie beside the middle between
/// the outer eye corners, along the line through these: 0 from the front, positive towards the second eye corner, about
/// 0.2 in a three-quarter view. In units of the corners' distance, so that a tilt of the head changes nothing. NaN
/// where an eye corner is not known, or no point of the middle.
/// Throws ArgumentError for another number of points than the scheme's.
inline double turn_of(const Landmarks& points, const Scheme& scheme = ibug_68()) {
  if (points.size() != static_cast<std::size_t>(scheme.points))
    throw ArgumentError(
        {"turn of a face", "wrong number of points", std::to_string(scheme.points), std::to_string(points.size()), ""});
  const Point a = points[static_cast<std::size_t>(scheme.eye_corners[0])],
              b = points[static_cast<std::size_t>(scheme.eye_corners[1])];
  const double dx = static_cast<double>(b.x - a.x), dy = static_cast<double>(b.y - a.y);
  double sum = 0;
  int count = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (scheme.mirror[i] != static_cast<int>(i) || !is_known(points[i])) continue;
    const double x = static_cast<double>(points[i].x) - 0.5 * static_cast<double>(a.x + b.x),
                 y = static_cast<double>(points[i].y) - 0.5 * static_cast<double>(a.y + b.y);
    sum += (x * dx + y * dy) / (dx * dx + dy * dy);
    ++count;
  }
  return count > 0 ? sum / count : std::nan("");
}

}  // namespace lineament
