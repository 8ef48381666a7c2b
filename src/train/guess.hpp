// What a guess scores, which every network should beat.
#pragma once
#include <optional>
#include <vector>

#include "lineament/train/fit.hpp"
#include "lineament/train/metrics.hpp"
#include "lineament/train/samples.hpp"

namespace lineament {

/// mean_values() of the training samples, taken once they are asked for.
class MeanValues {
 public:
  explicit MeanValues(const SampleSource& samples) : samples_(samples) {}
  const std::vector<float>& operator()() {
    if (values_.empty()) values_ = mean_values(samples_);
    return values_;
  }

 private:
  const SampleSource& samples_;
  std::vector<float> values_;
};

/// Means of a metric that is better the lower it is, over up to 1000 samples.
struct Guess {
  std::string metric;
  double mean = 0;  ///< of the mean values of the training samples, as every output
  double zero = 0;  ///< of zeros
};

/// Nothing where there is no such metric, or it counts no sample.
std::optional<Guess> guess(const SampleSource& judged, const std::vector<float>& mean_values, const Metric& metric);

}  // namespace lineament
