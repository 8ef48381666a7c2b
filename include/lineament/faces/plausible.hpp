// Do points look like those of a face in their scheme's order? Annotations whose columns, axes or numbers were mixed up
// load as well as good ones, and a network trained on them is nonsense.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/scheme.hpp"

namespace LINEAMENT_API lineament {

/// How far known points are from the mean shape moved, turned and scaled onto them: sqrt(1 - s^2), s the correlation of
/// the two (full Procrustes distance). 0: the same shape; 1: nothing in common. NaN where the scheme has no mean shape
/// or fewer than five points are known. For ibug-68, by tests/faces/plausible_test.cpp: at most 0.37 for 2,009 faces of
/// 300-W and 0.5 for drawn faces, mean 0.16 for both.
float shape_residual(const Landmarks& points, const Scheme& scheme = ibug_68());

/// How far the known points are turned from the mean shape, in radians, -pi to pi; 0: upright. NaN as above.
float shape_turn(const Landmarks& points, const Scheme& scheme = ibug_68());

/// Larger residuals are no face's: swapped axes, mirrored or reversed orders have 0.89 and more.
inline constexpr float kLargestResidual = 0.7f;

/// Nothing if the points are in order, else the reason in one line, which says what they look like where that is known:
/// "x and y are swapped". Names shifted by one have residuals of 0.49 to 0.64; they are told by what shifting them back
/// gives.
std::optional<std::string> shape_problem(const Landmarks& points, const Scheme& scheme = ibug_68());

/// The points that are missing (see Missing): not known, or where programs put points that they do not know.
std::vector<int> missing_points(const Landmarks& points);

}  // namespace lineament
