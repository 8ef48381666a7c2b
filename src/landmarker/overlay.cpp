#include "lineament/landmarker/overlay.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/image/draw.hpp"

namespace lineament {

void draw_landmarks(Image& image, const Landmarks& points, const OverlayStyle& style, const Scheme& scheme) {
  if (points.size() != static_cast<std::size_t>(scheme.points))
    throw ArgumentError({"draw_landmarks", "the points are of another scheme",
                         std::to_string(scheme.points) + " points of " + scheme.name, std::to_string(points.size()),
                         "pass the scheme they are of"});
  const Box box = bounding_box(points);
  const float radius = style.radius > 0 ? style.radius : std::clamp(std::max(box.width, box.height) / 110, 1.0f, 12.0f);
  if (style.draw_lines)
    for (const std::vector<int>& line : scheme.lines)
      for (std::size_t i = 1; i < line.size(); ++i) {
        const Point from = points[static_cast<std::size_t>(line[i - 1])],
                    to = points[static_cast<std::size_t>(line[i])];
        if (is_known(from) && is_known(to)) draw_line(image, from, to, style.lines, radius * 0.6f);
      }
  for (const Point& p : points)
    if (is_known(p)) fill_circle(image, p, radius, style.points);
}

void draw_spread(Image& image, const Landmarks& points, std::span<const float> spread, const OverlayStyle& style) {
  if (spread.size() != points.size())
    throw ArgumentError({"draw_spread", "there is not one radius for each point", std::to_string(points.size()),
                         std::to_string(spread.size()), ""});
  constexpr float kLightly = 0.25f;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (is_known(points[i])) fill_circle(image, points[i], spread[i], style.points, kLightly);
}

void draw_score(Image& image, const Landmarks& points, float score, const OverlayStyle& style) {
  const Box box = bounding_box(points);
  if (!(box.width > 0) || !std::isfinite(score)) return;
  const float side = std::max(box.width, box.height), thickness = std::clamp(side / 40, 2.0f, 24.0f);
  const float y = std::round(std::max(box.y - side / 10, thickness));  // in the picture where the face is at its edge
  const Point from{box.x, y};
  const auto at = [&](float share) { return Point{box.x + box.width * share, y}; };
  const bool doubtful = score < 0.5f;
  draw_line(image, from, at(1), doubtful ? Color{130, 20, 20} : Color{60, 60, 60}, thickness);
  draw_line(image, from, at(std::clamp(score, 0.0f, 1.0f)), doubtful ? Color{220, 40, 40} : style.points,
            0.6f * thickness);
}

}  // namespace lineament
