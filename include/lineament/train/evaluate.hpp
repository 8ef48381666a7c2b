// Measures a network on samples it may or may not have seen.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/ranges.hpp"
#include "lineament/train/metrics.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

struct EvaluationOptions {
  int threads = 1;
  Precision precision = Precision::fp32;
  std::span<const LayerRange> ranges{};  ///< int8 needs them: see calibrate()
};

/// What a network makes of one sample. `output` holds all outputs, one after the other, and `truth` that of the first
/// of them: all, but where the network was trained by a joint loss.
struct Prediction {
  std::size_t index = 0;
  std::span<const float> output, truth;
  std::span<const float> weights;  ///< of the truth; empty unless the samples are weighted

  /// Of the output, what has a truth.
  std::span<const float> judged() const { return output.first(truth.size()); }
};
using PredictionCallback = std::function<void(const Prediction&)>;

/// Runs `network` on every sample, not augmented, and calls back for each in order. Throws SpecError when the network
/// does not fit the samples, ArgumentError when there are none, and what preparing a sample throws.
void for_each_prediction(const Network& network, const SampleSource& samples, const EvaluationOptions& options,
                         const PredictionCallback& on_prediction);

/// The means of `metric` over all samples that it counts, not augmented; there is no loss, Means::loss is NaN. Throws
/// as for_each_prediction().
Means evaluate(const Network& network, const SampleSource& samples, const Metric& metric,
               const EvaluationOptions& options = {});

/// The ranges of `network`'s activations on some of the samples, evenly spread, not augmented: what int8 needs. To be
/// taken of samples for training, not of those that are judged by. Throws as for_each_prediction().
std::vector<LayerRange> calibrate(const Network& network, const SampleSource& samples, int threads = 1,
                                  std::size_t count = 64);

}  // namespace lineament
