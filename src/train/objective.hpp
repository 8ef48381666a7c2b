// What is minimised: a loss for each output, added up with its factor.
#pragma once
#include <span>
#include <vector>

#include "lineament/train/batches.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"
#include "train/outputs.hpp"

namespace lineament {

class Objective {
 public:
  /// Throws ArgumentError for a loss of an output there is not, or none at all.
  Objective(const std::vector<OutputPlace>& places, const FitOptions& options);

  /// Of a batch; leaves the gradients with respect to the outputs in the session.
  double of_batch(const Outputs& outputs, TrainingSession& session, const Batch& batch);
  /// Of one sample.
  double of_sample(const Prediction& sample);

 private:
  std::vector<OutputPlace> places_;
  std::vector<OutputLoss> losses_;  ///< in the order of the outputs
  std::vector<float> truth_, weights_, gradient_;
};

}  // namespace lineament
