// Landmarks of a face: as many points as its scheme has (scheme.hpp), in the scheme's order.
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/image/geometry.hpp"

namespace LINEAMENT_API lineament {

/// A point that is not known (see Missing in dataset.hpp) is NaN in both coordinates.
using Landmarks = std::vector<Point>;

inline constexpr Point kUnknownPoint{std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::quiet_NaN()};

inline bool is_known(Point p) {
  return !std::isnan(p.x) && !std::isnan(p.y);
}

/// Of the iBUG 68-point scheme, which is the default everywhere.
inline constexpr int kPoints = 68;
inline constexpr int kValues = 2 * kPoints;  ///< x0, y0, …, x67, y67

}  // namespace lineament
