// Similarity alignment to the mean shape, and what mixed-up points look like once the mix-up is undone.
#include "lineament/faces/plausible.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <optional>
#include <string>

#include "lineament/faces/box.hpp"
#include "text.hpp"

namespace lineament {
namespace {

using Complex = std::complex<double>;
constexpr std::size_t kFewest = 5;  // why: a similarity has four degrees of freedom

/// The mean shape moved onto the points: residual, and how it is turned.
struct Alignment {
  double residual = std::nan(""), turn = 0;  ///< radians; 0: upright
};

Alignment align(const Landmarks& points, const Landmarks& mean) {
  if (points.size() != mean.size()) return {};
  Complex center{}, mean_center{};
  double known = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!is_known(points[i])) continue;
    center += Complex(points[i].x, points[i].y);
    mean_center += Complex(mean[i].x, mean[i].y);
    ++known;
  }
  if (known < static_cast<double>(kFewest)) return {};
  center /= known, mean_center /= known;
  Complex product{};
  double size = 0, mean_size = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!is_known(points[i])) continue;
    const Complex p = Complex(points[i].x, points[i].y) - center, m = Complex(mean[i].x, mean[i].y) - mean_center;
    product += p * std::conj(m);
    size += std::norm(p), mean_size += std::norm(m);
  }
  if (!(size > 0) || !(mean_size > 0)) return {1, 0};
  const double s = std::norm(product) / (size * mean_size);
  return {std::sqrt(std::max(0.0, 1 - s)), std::arg(product)};
}

/// A way in which points get mixed up: what it is, and what undoes it.
struct MixUp {
  const char* looks_like;
  std::function<Landmarks(const Landmarks&)> undo;
  bool upright = false;  ///< it shows only in how the face is turned, which is then upright
};

Landmarks each(const Landmarks& points, Point (*map)(Point)) {
  Landmarks result = points;
  for (Point& p : result) p = map(p);
  return result;
}

/// Points read from x0, y0, … whose file had all of one axis first.
Landmarks by_columns(const Landmarks& points) {
  std::vector<float> flat;
  for (const Point& p : points) flat.insert(flat.end(), {p.x, p.y});
  Landmarks result(points.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = {flat[i], flat[result.size() + i]};
  return result;
}

Landmarks turned_by(const Landmarks& points, std::ptrdiff_t places) {
  Landmarks result = points;
  const auto n = static_cast<std::ptrdiff_t>(points.size());
  std::rotate(result.begin(), result.begin() + (places % n + n) % n, result.end());
  return result;
}

const std::vector<MixUp>& mix_ups() {
  static const auto swap = [](Point p) { return Point{p.y, p.x}; };
  static const std::vector<MixUp> list{
      {"x and y are swapped", [](const Landmarks& p) { return each(p, swap); }, true},
      {"y counts from the bottom of the photo",
       [](const Landmarks& p) { return each(p, [](Point q) {
                                  return Point{q.x, -q.y};
                                }); }, true},
      {"the face is mirrored, but its points were not renumbered",
       [](const Landmarks& p) { return each(p, [](Point q) {
                                  return Point{-q.x, q.y};
                                }); }},
      {"the points are in reverse order", [](const Landmarks& p) { return Landmarks(p.rbegin(), p.rend()); }},
      {"all x stand before all y", by_columns},
      {"all y stand before all x", [](const Landmarks& p) { return each(by_columns(p), swap); }}};
  return list;
}

/// The point without which the others make a face, if there is one.
std::optional<int> stray_point(const Landmarks& points, const Scheme& scheme) {
  constexpr double kFace = 0.45;  // why: residuals of real faces are below
  for (std::size_t i = 0; i < points.size(); ++i) {
    Landmarks others = points;
    others[i] = kUnknownPoint;
    if (align(others, scheme.mean_shape).residual < kFace) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::string reason(const char* looks_like) {
  return std::string("the points are not in the scheme's order: ") + looks_like + "; correct the file";
}

}  // namespace

float shape_residual(const Landmarks& points, const Scheme& scheme) {
  return static_cast<float>(align(points, scheme.mean_shape).residual);
}

float shape_turn(const Landmarks& points, const Scheme& scheme) {
  const Alignment a = align(points, scheme.mean_shape);
  return std::isfinite(a.residual) ? static_cast<float>(a.turn) : std::nanf("");
}

std::optional<std::string> shape_problem(const Landmarks& points, const Scheme& scheme) {
  constexpr double kSuspicious = 0.45;  // why: the smallest residual of shifted names; faces with more than it are rare
  constexpr double kGain = 0.65;  // why: shifting names back takes a third off at least; shifting good ones adds half
  constexpr double kUpright = 1.05;  // radians: 60 degrees
  const double residual = align(points, scheme.mean_shape).residual;
  if (!(residual > kSuspicious)) return std::nullopt;
  for (const int shift : {1, -1})
    if (align(turned_by(points, shift), scheme.mean_shape).residual < kGain * residual)
      return reason("their numbers are off by one, or they begin at another point");
  if (residual <= static_cast<double>(kLargestResidual)) return std::nullopt;
  for (const MixUp& m : mix_ups()) {
    const Alignment undone = align(m.undo(points), scheme.mean_shape);
    if (undone.residual < kSuspicious && (!m.upright || std::abs(undone.turn) < kUpright)) return reason(m.looks_like);
  }
  if (const auto i = stray_point(points, scheme)) {
    const Point p = points[static_cast<std::size_t>(*i)];
    return "the point " + scheme.point_name(*i) + " (numbers from 0), at " + text::shortest(p.x) + ", " +
           text::shortest(p.y) + ", is far from where it is in a face; correct it, or leave out the face";
  }
  return "the points do not look like the " + std::to_string(scheme.points) + " points of the scheme " + scheme.name +
         " in their order; correct or leave out the face";
}

std::vector<int> missing_points(const Landmarks& points) {
  std::vector<int> missing;
  // One alone at such a place may be a point in the photo's corner; not if it is far from all others.
  const auto far_from_others = [&](std::size_t i) {
    Landmarks others = points;
    others[i] = kUnknownPoint;
    const Box box = bounding_box(others);
    const float most = 0.2f * std::max(box.width, box.height);
    return points[i].x < box.x - most || points[i].y < box.y - most;
  };
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point p = points[i];
    const auto same = std::count(points.begin(), points.end(), p);
    // 0 and -1, as files have them, and as readers give them: half a pixel less where a file counts edges of pixels,
    // one less where it counts from 1.
    const bool stands_for_none = p.x == p.y && (p.x == 0 || p.x == -0.5f || p.x == -1 || p.x == -1.5f || p.x == -2);
    if (!is_known(p) || same >= 3 || (stands_for_none && (same == 2 || far_from_others(i))))
      missing.push_back(static_cast<int>(i));
  }
  return missing;
}

}  // namespace lineament
