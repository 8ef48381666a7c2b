// Boxes of other face detectors, turned into those that Landmarkers are trained on: the bounding box of the 68 points,
// from the brows to the chin. A detector draws its boxes as those that it learnt from were drawn, and no two learnt
// from the same; a box that is a third too large costs more accuracy than most choices of a network.
#pragma once
#include <span>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/image/geometry.hpp"

namespace LINEAMENT_API lineament {

/// Where our box lies in another's, in units of the other's width (x, width) and height (y, height).
struct BoxFactors {
  float x = 0, y = 0;           ///< from its centre to ours: right, down
  float width = 1, height = 1;  ///< our sides over its
  friend constexpr bool operator==(const BoxFactors&, const BoxFactors&) = default;
};

/// Throws ArgumentError for a box, or factors, without a positive width and height, or numbers that are not finite.
Box box_from(const BoxFactors& factors, const Box& theirs);

/// The factors that pairs of boxes of the same faces have in the middle (medians, each by itself, so that a few wrong
/// pairs do no harm). bench/box_factors.cpp finds the pairs for the boxes of any detector on annotated photos. Throws
/// ArgumentError unless there are as many of both, at least one, and as box_from() for either.
BoxFactors fit_box_factors(std::span<const Box> theirs, std::span<const Box> ours);

/// Detectors whose boxes have been measured, on 330 photos of AFW and HELEN with 482 annotated faces, by
/// bench/box_factors.cpp (docs/boxes.md has the table and how to measure another). Not here: RetinaFace, SCRFD, YuNet,
/// MTCNN and others whose networks could not be run where this was measured.
enum class BoxConvention {
  points68,          ///< ours: nothing to do
  haar_default,      ///< OpenCV's haarcascade_frontalface_default.xml
  haar_alt,          ///< OpenCV's haarcascade_frontalface_alt.xml
  haar_alt2,         ///< OpenCV's haarcascade_frontalface_alt2.xml
  lbp,               ///< OpenCV's lbpcascade_frontalface.xml
  lbp_improved,      ///< OpenCV's lbpcascade_frontalface_improved.xml
  dlib_hog,          ///< dlib's get_frontal_face_detector()
  blazeface,         ///< MediaPipe's BlazeFace, the network of 256 x 256 input, its boxes not enlarged
  ultra_light_320,   ///< Ultra-Light-Fast-Generic-Face-Detector-1MB, 320 x 240 input
  faceapi_tiny,      ///< face-api.js's TinyFaceDetector
  faceapi_mobilenet  ///< face-api.js's SsdMobilenetv1
};

BoxFactors box_factors(BoxConvention convention);
/// "points68", "haar_default" and so on, as the names above. Throws ArgumentError for any other.
BoxConvention box_convention(std::string_view name);

/// Our box for the face in a detector's box, which is given as its program gives it: left, top, width, height, pixels.
/// Throws as the first box_from().
Box box_from(BoxConvention convention, const Box& theirs);

}  // namespace lineament
