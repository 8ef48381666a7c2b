// Which way a head is turned, from the 68 points of its face: perspective-n-point with an average head.
#pragma once
#include <array>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// Angles are 0 where the face looks straight at the camera. The head first turns about its own upright axis by `yaw`,
/// then nods by `pitch`, then the picture turns by `roll`.
struct HeadPose {
  float yaw = 0;    ///< degrees; positive: the nose points to the picture's right
  float pitch = 0;  ///< degrees; positive: the face looks up
  float roll = 0;   ///< degrees; positive: the head is tilted clockwise, as seen in the picture
  /// The middle between the eyes, cm, from the camera: to the right, down, away. Its unit is the size of an average
  /// adult's head: for a child's all three are too large in proportion. NaN without a camera.
  std::array<float, 3> position{};
  /// How far the points are from those of the average head so turned, root of the mean square, in units of the distance
  /// of its outer eye corners. By tests/faces/head_pose_test.cpp 0.05 on drawn faces; far larger: they are no face's.
  float residual = 0;
};

/// A camera without lens distortion, whose pixels are squares.
struct PinholeCamera {
  float focal = 0;  ///< pixels: the picture's width / (2 tan(half the horizontal field of view))
  Point center{};   ///< where its axis meets the picture, pixels: mostly the picture's middle
};

/// The pose of a face with the 68 points of ibug-68. Without a camera it is told as seen along the line from camera to
/// head, whose distance is taken as 100 cm: what a photo does to a face at 60 cm and at 300 cm differs by some degrees
/// at most.
/// Method: a closed-form start by scaled orthography (DeMenthon and Davis, "Model-based object pose in 25 lines of
/// code", IJCV 1995), then Levenberg-Marquardt on the distances in the picture. Points count by how little they move in
/// the head's frame between people and expressions, measured on drawn faces (src/faces/mean_head.hpp): eyes and nose
/// most, the jaw least; jaw points fade out as the head turns, since they are set on the outline and not on a place of
/// the head, and the mouth's 20 points do not count, so that expressions hardly
/// turn the head: a jaw dropped by 3 cm by 3 degrees of pitch. Far-off points count less
/// (Huber's weights). Points that are not known are left out.
/// Mean errors for 300 drawn faces with their true points, by tests/faces/head_pose_test.cpp: yaw 0.7, pitch 1.6, roll
/// 0.3 degrees; turned evenly up to 60 degrees to either side 1.5, 1.5 and 0.6. Takes some 20 microseconds and
/// allocates nothing.
/// Throws ArgumentError for points of another scheme, fewer than six known ones besides the mouth's, known ones that
/// are all in one place, or on a line, or too near to one another on the head to tell how it is turned.
HeadPose head_pose(const Landmarks& points);
/// The same with a known camera: the angles are between the head's axes and the camera's, and `position` is told.
/// Throws ArgumentError, too, for a focal length that is not above 0, or with which the head would be in the lens.
HeadPose head_pose(const Landmarks& points, const PinholeCamera& camera);

}  // namespace lineament
