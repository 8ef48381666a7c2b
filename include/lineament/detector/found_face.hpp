// A face that was found, and which of several that overlap is meant.
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/box.hpp"

namespace LINEAMENT_API lineament {

struct FoundFace {
  Box box{};                    ///< from brows to chin and ear to ear, as Landmarker takes it, pixels of the picture
  float score = 0;              ///< the probability that it is a face
  std::array<Point, 2> eyes{};  ///< their centres: first the one on the picture's left

  /// How far the head is tilted, radians: the angle of the line from eye to eye, clockwise as it is seen.
  float roll() const { return std::atan2(eyes[1].y - eyes[0].y, eyes[1].x - eyes[0].x); }
};

/// What two boxes share of the area that they cover together, 0 … 1.
float overlap(const Box& a, const Box& b);

/// How many faces without_doubles() looks at, since each is compared with all that are kept. Why so many: a crowd fills
/// fewer cells. A score near 0 lets all cells of a picture pass, up to a million.
inline constexpr std::size_t kMostFaces = 10000;

/// Of faces that overlap by more than `most`, the one of the highest score; the best first. The order of faces of one
/// score is that of `faces`, of which the kMostFaces best count.
std::vector<FoundFace> without_doubles(std::vector<FoundFace> faces, float most = 0.4f);

}  // namespace lineament
