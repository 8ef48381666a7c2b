// How far eyes and mouth are open, from the 68 points of a face.
#pragma once
#include <array>

#include "lineament/api.hpp"
#include "lineament/faces/head_pose.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// Mean distance of the lids over the eye's width, of the left and the right eye as seen in the picture: the eye aspect
/// ratio of Soukupova and Cech, "Real-time eye blink detection using facial landmarks", CVWW 2016. About 0.35 open and
/// below 0.05 closed from the front; it grows as the head turns, since the eye looks narrower. NaN where a point of the
/// eye is not known. Throws ArgumentError for points of another scheme.
std::array<float, 2> eye_aspect_ratio(const Landmarks& points);

/// The same, but over the width of an average eye that far away, seen from the front: the distance of the outer eye
/// corners, which the found turn makes up for. Open eyes have about the same number however the head is turned, and
/// narrow ones are not taken for wide open. By tests/faces/openings_test.cpp its order among drawn faces is nearer to
/// the true opening's than the aspect ratio's is: rank correlation 0.88 against 0.80, and 0.84 against 0.63 where
/// heads are turned by more than 35 degrees. NaN as above. Throws as head_pose().
std::array<float, 2> eye_opening(const Landmarks& points);
/// With the pose that head_pose() gave for the same points.
std::array<float, 2> eye_opening(const Landmarks& points, const HeadPose& pose);

/// Mean distance of the inner lips over the distance of the outer eye corners (about 9 cm) as seen from the front: 0
/// closed, 0.1 parted by about 9 mm, 0.4 wide open. NaN where one of the six points of the inner lips between its
/// corners, or an outer eye corner, is not known. Throws as head_pose().
float mouth_opening(const Landmarks& points);
float mouth_opening(const Landmarks& points, const HeadPose& pose);

}  // namespace lineament
