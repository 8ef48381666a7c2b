// What a guess scores, which every network should beat.
#pragma once
#include <optional>
#include <vector>

#include "lineament/train/metrics.hpp"
#include "lineament/train/samples.hpp"

namespace lineament {

/// Means of a metric that is better the lower it is, over up to 1000 samples.
struct Guess {
  std::string metric;
  double mean = 0;  ///< of the mean values of the training samples, as every output
  double zero = 0;  ///< of zeros
};

/// Nothing where there is no such metric, or it counts no sample.
std::optional<Guess> guess(const SampleSource& judged, const std::vector<float>& mean_values, const Metric& metric);

}  // namespace lineament
