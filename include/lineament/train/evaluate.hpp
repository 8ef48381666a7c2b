// Measures a network on samples it may or may not have seen.
#pragma once
#include <functional>
#include <span>

#include "lineament/faces/metrics.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/train/samples.hpp"

namespace lineament {

/// Called for each sample in order: its index and the predicted values (units of the crop's side).
using PredictionCallback = std::function<void(std::size_t index, std::span<const float> values)>;

struct EvaluationOptions {
  int threads = 1;
  Precision precision = Precision::fp32;
  std::span<const LayerRange> ranges{};  ///< int8 needs them: see calibrate()
};

/// Runs `network` on every sample, not augmented. Throws SpecError when the network does not fit the samples or they
/// are no faces, ArgumentError when there are none, and what preparing a sample throws.
Evaluation evaluate(const Network& network, const SampleSource& samples, const EvaluationOptions& options = {},
                    const PredictionCallback& on_prediction = {});

/// The ranges of `network`'s activations on some of the samples, evenly spread, not augmented: what int8 needs. To be
/// taken of samples for training, not of those that are judged by. Throws as evaluate().
std::vector<LayerRange> calibrate(const Network& network, const SampleSource& samples, int threads = 1,
                                  std::size_t count = 64);

}  // namespace lineament
