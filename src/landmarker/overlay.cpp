#include "lineament/landmarker/overlay.hpp"

#include <algorithm>

#include "lineament/faces/box.hpp"
#include "lineament/image/draw.hpp"

namespace lineament {
namespace {

struct Stroke {
  int first, last;
  bool closed;
};
constexpr Stroke kStrokes[] = {{0, 16, false}, {17, 21, false}, {22, 26, false}, {27, 30, false}, {31, 35, false},
                               {36, 41, true}, {42, 47, true},  {48, 59, true},  {60, 67, true}};

}  // namespace

void draw_landmarks(Image& image, const Landmarks& points, const OverlayStyle& style) {
  const Box box = bounding_box(points);
  const float radius = style.radius > 0 ? style.radius : std::clamp(std::max(box.width, box.height) / 110, 1.0f, 12.0f);
  const auto at = [&](int i) { return points[static_cast<std::size_t>(i)]; };
  if (style.draw_lines)
    for (const Stroke& s : kStrokes) {
      for (int i = s.first; i < s.last; ++i) draw_line(image, at(i), at(i + 1), style.lines, radius * 0.6f);
      if (s.closed) draw_line(image, at(s.last), at(s.first), style.lines, radius * 0.6f);
    }
  for (const Point& p : points) fill_circle(image, p, radius, style.points);
}

}  // namespace lineament
