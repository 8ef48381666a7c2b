// Coverage of a pixel by a round shape is taken from the distance of its centre to the edge, by a box from the exact
// area.
#include "lineament/image/draw.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace lineament {
namespace {

/// Double throughout: the square of a float far outside would overflow.
struct Place {
  double x, y;
};

struct Range {
  int first, last;  // empty if last < first
};

/// The pixels from `low` to `high` that exist; NaN gives none.
Range pixels_between(double low, double high, int size) {
  if (!(low <= size - 1) || !(high >= 0)) return {0, -1};
  return {static_cast<int>(std::ceil(std::max(low, 0.0))), static_cast<int>(std::floor(std::min(high, size - 1.0)))};
}

void blend(std::uint8_t* pixel, Color color, double alpha) {
  const auto mixed = [alpha](std::uint8_t under, std::uint8_t over) {
    return static_cast<std::uint8_t>(under + (over - under) * alpha + 0.5);
  };
  pixel[0] = mixed(pixel[0], color.r);
  pixel[1] = mixed(pixel[1], color.g);
  pixel[2] = mixed(pixel[2], color.b);
}

/// All points within `radius` of the segment from a to b.
void fill_capsule(Image& image, Place a, Place b, double radius, Color color, double alpha) {
  const double reach = radius + 0.5;
  const Place d{b.x - a.x, b.y - a.y};
  const double length2 = d.x * d.x + d.y * d.y;
  const Range rows = pixels_between(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, image.height());
  for (int y = rows.first; y <= rows.last; ++y) {
    // Only the part of the segment within reach of this row matters, which keeps long lines cheap.
    double t0 = 0, t1 = 1;
    if (d.y != 0) {
      const double up = (y - reach - a.y) / d.y, down = (y + reach - a.y) / d.y;
      t0 = std::clamp(std::min(up, down), 0.0, 1.0);
      t1 = std::clamp(std::max(up, down), 0.0, 1.0);
    }
    const double x0 = a.x + t0 * d.x, x1 = a.x + t1 * d.x;
    const Range columns = pixels_between(std::min(x0, x1) - reach, std::max(x0, x1) + reach, image.width());
    for (int x = columns.first; x <= columns.last; ++x) {
      const double along = (x - a.x) * d.x + (y - a.y) * d.y;
      const double t = length2 > 0 ? std::clamp(along / length2, 0.0, 1.0) : 0.0;
      const double coverage = reach - std::hypot(x - a.x - t * d.x, y - a.y - t * d.y);
      if (coverage > 0) blend(image.row(y) + std::ptrdiff_t{3} * x, color, alpha * std::min(coverage, 1.0));
    }
  }
}

struct Edges {
  double left, top, right, bottom;

  /// The share of the pixel (x, y) that lies inside.
  double coverage(int x, int y) const {
    const double w = std::min(right, x + 0.5) - std::max(left, x - 0.5);
    const double h = std::min(bottom, y + 0.5) - std::max(top, y - 0.5);
    return w > 0 && h > 0 ? w * h : 0.0;
  }
};

bool finite(std::initializer_list<float> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

void draw_line(Image& image, Point a, Point b, Color color, float thickness) {
  if (!finite({a.x, a.y, b.x, b.y, thickness}) || thickness <= 0) return;
  fill_capsule(image, {a.x, a.y}, {b.x, b.y}, thickness / 2.0, color, std::min(1.0f, thickness));
}

void fill_circle(Image& image, Point centre, float radius, Color color, float alpha) {
  if (!finite({centre.x, centre.y, radius, alpha}) || radius <= 0 || alpha <= 0) return;
  fill_capsule(image, {centre.x, centre.y}, {centre.x, centre.y}, radius, color, std::min(alpha, 1.0f));
}

void draw_box(Image& image, Box box, Color color, float thickness) {
  if (!finite({box.x, box.y, box.width, box.height, thickness}) || thickness <= 0) return;
  const double x = box.x, y = box.y, w = box.width, h = box.height, half = thickness / 2.0;
  const Edges outer{std::min(x, x + w) - half, std::min(y, y + h) - half, std::max(x, x + w) + half,
                    std::max(y, y + h) + half};
  const Edges inner{outer.left + thickness, outer.top + thickness, outer.right - thickness, outer.bottom - thickness};
  const auto fill = [&](int row, Range columns) {
    for (int column = columns.first; column <= columns.last; ++column) {
      const double coverage = outer.coverage(column, row) - inner.coverage(column, row);
      if (coverage > 0) blend(image.row(row) + std::ptrdiff_t{3} * column, color, coverage);
    }
  };
  const Range rows = pixels_between(outer.top - 1, outer.bottom + 1, image.height());
  const Range all = pixels_between(outer.left - 1, outer.right + 1, image.width());
  const Range hollow = pixels_between(inner.left + 1, inner.right - 1, image.width());
  for (int row = rows.first; row <= rows.last; ++row) {
    const bool beside_hollow = row > inner.top + 1 && row < inner.bottom - 1 && hollow.first <= hollow.last;
    fill(row, beside_hollow ? Range{all.first, hollow.first - 1} : all);
    if (beside_hollow) fill(row, {hollow.last + 1, all.last});
  }
}

void paste(Image& target, const Image& source, int x, int y) {
  const std::int64_t left = x, top = y;
  const auto x0 = std::max<std::int64_t>(left, 0), x1 = std::min<std::int64_t>(left + source.width(), target.width());
  const auto y0 = std::max<std::int64_t>(top, 0), y1 = std::min<std::int64_t>(top + source.height(), target.height());
  if (x0 >= x1) return;
  for (std::int64_t row = y0; row < y1; ++row)
    std::copy_n(source.row(static_cast<int>(row - top)) + (x0 - left) * 3, (x1 - x0) * 3,
                target.row(static_cast<int>(row)) + x0 * 3);
}

}  // namespace lineament
