// What the program says of a face beside its points.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "lineament/faces/scheme.hpp"

namespace lineament::cli {

/// "yaw", "pitch" and "roll", degrees: see head_pose(); "left_eye" and "right_eye", as seen in the picture, and
/// "mouth": see eye_opening() and mouth_opening(). Nothing for points of another scheme than ibug-68, and for points
/// that are no face's.
std::vector<std::pair<std::string, float>> measures_of(const Landmarks& points, const Scheme& scheme);

}  // namespace lineament::cli
