#include "track/sight.hpp"

#include <algorithm>
#include <cmath>

#include "landmarker/on_photo.hpp"
#include "lineament/detector/found_face.hpp"

namespace lineament {
namespace {

bool holds(const Box& box, Point p) {
  return p.x >= box.x && p.y >= box.y && p.x < box.x + box.width && p.y < box.y + box.height;
}

}  // namespace

float larger_side(const Box& box) {
  return std::max(box.width, box.height);
}

bool on_one_face(const Box& a, const Box& b) {
  constexpr float kShared = 0.3f, kInside = 0.5f;
  if (overlap(a, b) > kShared) return true;
  // A box within a face's box is no other face: that would be hidden.
  const bool alike = std::min(larger_side(a), larger_side(b)) > kInside * std::max(larger_side(a), larger_side(b));
  return alike && holds(a, b.center()) && holds(b, a.center());
}

bool is_in_sight(const Box& box, const ImageView& frame) {
  constexpr float kInside = 0.25f, kSmallest = 4;
  return larger_side(box) >= kSmallest && box.width > 0 && box.height > 0 && share_on_photo(frame, box) > kInside;
}

bool points_fit(const Landmarks& points, const Box& box) {
  for (const Point& p : points)
    if (!std::isfinite(p.x) || !std::isfinite(p.y)) return false;
  const Box found = bounding_box(points);
  const float ratio = larger_side(found) / larger_side(box);
  return ratio > 0.4f && ratio < 2.5f && found.width > 0 && found.height > 0;
}

}  // namespace lineament
