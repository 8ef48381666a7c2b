// The iBUG 68-point scheme: Sagonas et al., "300 Faces in-the-Wild Challenge", ICCV workshops 2013. 0-based here.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/image/geometry.hpp"

namespace LINEAMENT_API lineament {

inline constexpr int kPoints = 68;
inline constexpr int kValues = 2 * kPoints;  ///< x0, y0, …, x67, y67

using Landmarks = std::array<Point, kPoints>;

/// A part of the face: points first … last (both included).
struct Region {
  std::string_view name;
  int first, last;
};
/// "left" and "right" as in the picture: the left eye here has the smaller x in an upright face.
inline constexpr std::array<Region, 7> kRegions{{{"jaw", 0, 16},
                                                 {"left brow", 17, 21},
                                                 {"right brow", 22, 26},
                                                 {"nose", 27, 35},
                                                 {"left eye", 36, 41},
                                                 {"right eye", 42, 47},
                                                 {"mouth", 48, 67}}};

inline constexpr int kLeftEyeOuter = 36;   ///< outer corner; inter-ocular distance is |p36 - p45|
inline constexpr int kRightEyeOuter = 45;  ///< outer corner

/// kMirror[i] is the point that i becomes in a mirrored picture (an involution).
inline constexpr std::array<int, kPoints> kMirror{
    16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,                // jaw
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17,                                           // brows
    27, 28, 29, 30, 35, 34, 33, 32, 31,                                               // nose
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,                                   // eyes
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65};  // mouth

/// |p36 - p45|, in the unit of the points.
inline float inter_ocular(const Landmarks& p) {
  return distance(p[kLeftEyeOuter], p[kRightEyeOuter]);
}

/// Distance between the means of the six points of each eye.
inline float inter_pupil(const Landmarks& p) {
  Point left, right;
  for (std::size_t i = 0; i < 6; ++i) {
    left = left + p[36 + i] * (1.0f / 6);
    right = right + p[42 + i] * (1.0f / 6);
  }
  return distance(left, right);
}

}  // namespace lineament
