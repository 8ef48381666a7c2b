// In two dimensions Umeyama's map, mirroring excluded, is one complex quotient.
#include "lineament/faces/aligned_crop.hpp"

#include <complex>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"

namespace lineament {
namespace {

using ComplexPoint = std::complex<double>;

ComplexPoint as_complex(Point p) {
  return {static_cast<double>(p.x), static_cast<double>(p.y)};
}

ComplexPoint middle_of(std::span<const Point> points) {
  ComplexPoint sum{};
  for (const Point& p : points) sum += as_complex(p);
  return sum / static_cast<double>(points.size());
}

}  // namespace

std::array<Point, 5> five_points(const Landmarks& points) {
  require_points(points, ibug_68(), "five_points");
  const auto known = [&](std::size_t i) {
    if (is_known(points[i])) return points[i];
    throw ArgumentError({"five_points", "a point is not known", "eyes, nose tip and mouth corners",
                         "no point " + std::to_string(i), "leave the face out"});
  };
  const auto eye = [&](std::size_t first) {
    Point sum{};
    for (std::size_t i = first; i < first + 6; ++i) sum = sum + known(i);
    return sum * (1.0f / 6);
  };
  return {eye(36), eye(42), known(30), known(48), known(54)};
}

Affine similarity(std::span<const Point> from, std::span<const Point> to) {
  if (from.size() != to.size() || from.size() < 2)
    throw ArgumentError({"similarity", "the numbers of points do not fit", "as many of both, two or more",
                         std::to_string(from.size()) + " and " + std::to_string(to.size()), ""});
  const ComplexPoint from_middle = middle_of(from), to_middle = middle_of(to);
  ComplexPoint product{};
  double size = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const ComplexPoint a = as_complex(from[i]) - from_middle, b = as_complex(to[i]) - to_middle;
    product += std::conj(a) * b, size += std::norm(a);
  }
  const ComplexPoint turn = product / size, shift = to_middle - turn * from_middle;
  if (!(size > 0) || !(std::norm(turn) > 0) || !std::isfinite(std::norm(turn)) || !std::isfinite(std::norm(shift)))
    throw ArgumentError({"similarity", "no map fits the points", "points apart from one another", "", ""});
  const auto a = static_cast<float>(turn.real()), b = static_cast<float>(turn.imag());
  return {a, -b, static_cast<float>(shift.real()), b, a, static_cast<float>(shift.imag())};
}

Affine aligned_crop(const Landmarks& points, int size) {
  if (size < 8 || size > 4096)
    throw ArgumentError({"aligned_crop", "the size is out of range", "8 to 4096 pixels", std::to_string(size), ""});
  std::array<Point, 5> places = kArcFacePlaces;
  const float scale = static_cast<float>(size) / 112;
  for (Point& p : places) p = (p + Point{0.5f, 0.5f}) * scale - Point{0.5f, 0.5f};
  // From the face to the crop, as others do it: errors are counted in pixels of the crop.
  return similarity(five_points(points), places).inverse();
}

}  // namespace lineament
