// Boxes around faces.
#pragma once
#include <algorithm>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// The smallest box that holds all known points; without size and at 0 if none is known.
inline Box bounding_box(const Landmarks& points) {
  const auto first = std::find_if(points.begin(), points.end(), is_known);
  if (first == points.end()) return {};
  Point low = *first, high = *first;
  for (const Point& p : points) {
    if (!is_known(p)) continue;
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  return {low.x, low.y, high.x - low.x, high.y - low.y};
}

/// A square around the box's centre whose side is (1 + 2 margin) x the box's larger side.
inline Box square_box(const Box& box, float margin = 0) {
  const float side = std::max(box.width, box.height) * (1 + 2 * margin);
  const Point c = box.center();
  return {c.x - side / 2, c.y - side / 2, side, side};
}

/// The whole picture: its area reaches half a pixel beyond the outer pixels' centres.
inline Box whole_image(int width, int height) {
  return {-0.5f, -0.5f, static_cast<float>(width), static_cast<float>(height)};
}

}  // namespace lineament
