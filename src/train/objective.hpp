// What is minimised: a loss for each output, added up with its factor, or one loss of all outputs.
#pragma once
#include <span>
#include <vector>

#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"
#include "train/ports.hpp"
#include "train/whole_batch.hpp"

namespace lineament {

class Objective {
 public:
  /// Throws ArgumentError for a loss of an output there is not, none at all, or both kinds of loss.
  Objective(const Places& outputs, const FitOptions& options);

  /// Of a batch, after its forward; writes the gradients with respect to the outputs.
  double of_batch(const WholeBatch& batch);
  /// Of one sample.
  double of_sample(const Prediction& sample);

 private:
  double jointly_of_batch(const WholeBatch& batch);
  double jointly_of_sample(const Prediction& sample);

  Places outputs_;
  JointLoss joint_;                 ///< or:
  std::vector<OutputLoss> losses_;  ///< in the order of the outputs
  std::vector<OutputBatch<float>> batch_;
  std::vector<float> truth_, weights_, gradient_;
};

}  // namespace lineament
