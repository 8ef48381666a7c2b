// The expected errors of a model set right: where it meets other photos than it was trained on, it is off further than
// it expects.
#pragma once
#include <cstddef>
#include <span>

#include "lineament/api.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/nn/network.hpp"

namespace LINEAMENT_API lineament {

/// What errors follow from expected ones, both as shares of the eyes' distance (see spread_unit()):
/// factor * expected ^ exponent.
struct SpreadCalibration {
  double factor = 1, exponent = 1;
  std::size_t points = 0;  ///< that it was fitted to
};

/// The most likely one, with errors distributed exponentially around what is expected. Faces must not have been trained
/// on: errors on those are smaller. Throws ArgumentError where no spread is said, where fewer than 1,000 points are
/// known, and where points are no further off the less they are sure.
SpreadCalibration fit_spread(std::span<const MeasuredFace> faces, const Scheme& scheme = ibug_68());

/// Changes the weights of the layer that makes the output "spread", so that the network expects these errors. Points
/// and all other outputs keep their bits. Throws SpecError where no dense layer makes such an output.
void calibrate_spread(Network& network, const SpreadCalibration& calibration);

}  // namespace lineament
