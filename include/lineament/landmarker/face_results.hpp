// Results over many faces, in detail: by point, by how far faces are turned, by their size, and whether a model knows
// where it errs. The same for predictions of any program.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// Predicted and true points in one unit, any.
struct MeasuredFace {
  std::size_t index = 0;  ///< of the sample
  Landmarks predicted, truth;
  std::vector<float> spread{};  ///< how far each point is expected to be off, in the same unit; empty: not said
  double side = 0;              ///< of the face's box, pixels of the photo; 0: not known
};

struct FaceMeasuring {
  EvaluationOptions inference{};
  bool mirror = false;  ///< average with what is found in the mirrored crop: twice the time
  std::function<void(std::size_t done)> progress{};
};

/// Runs `network` on faces, not augmented. Points are in units of the crop's side. Faces of which an eye is not known
/// are left out. Throws SpecError when the network does not fit the samples, ArgumentError when these are no faces of
/// the scheme, and what preparing a sample throws.
std::vector<MeasuredFace> measure_faces(const Network& network, const SampleSource& faces,
                                        const FaceMeasuring& options = {}, const Scheme& scheme = ibug_68());

/// The score of each sample (see FaceLandmarks::score), faces or Negatives; empty for a network that gives none. Throws
/// as measure_faces() does.
std::vector<float> face_scores(const Network& network, const SampleSource& crops,
                               const EvaluationOptions& options = {});

/// The means that papers give. Throws ArgumentError when there are no faces.
Evaluation evaluation_of(std::span<const MeasuredFace> faces, const Scheme& scheme = ibug_68());

/// Faces that have something in common.
struct FaceGroup {
  std::string name;
  std::size_t faces = 0;
  double nme = 0;  ///< mean, inter-ocular, %; NaN for none
};

/// A tenth of all points, by how far they are expected to be off: means of that and of how far they are, in % of the
/// true inter-ocular distance.
struct CalibrationGroup {
  std::size_t points = 0;
  double predicted = 0, measured = 0;
};

struct FaceDetails {
  std::vector<double> by_point;    ///< mean error of each, % of the inter-ocular distance; NaN where it is never known
  std::vector<FaceGroup> by_turn;  ///< see turn_of(); empty for schemes without points of the middle
  std::vector<FaceGroup> by_side;  ///< of the face's box in the photo; empty where it is not known
  std::vector<CalibrationGroup> calibration;  ///< surest points first; empty where no spread is said
};
FaceDetails details_of(std::span<const MeasuredFace> faces, const Scheme& scheme = ibug_68());

}  // namespace lineament
