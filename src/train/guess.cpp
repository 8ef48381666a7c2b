#include "train/guess.hpp"

#include <algorithm>

#include "lineament/train/fit.hpp"

namespace lineament {
namespace {

/// The first value of a metric's means, which chooses the best epoch; higher is better where nothing is counted.
NamedValue first_of(const NamedSums& sums) {
  const std::vector<NamedValue> means = sums.means();
  return means.empty() ? NamedValue{"", 0, true} : means.front();
}

}  // namespace

std::optional<Guess> guess(const SampleSource& judged, const std::vector<float>& mean_values, const Metric& metric) {
  if (!metric || mean_values.size() != judged.values_per_sample()) return std::nullopt;
  const std::size_t count = std::min<std::size_t>(judged.size(), 1000);
  std::vector<float> truth(mean_values.size());
  std::vector<float> weights(judged.weighted() ? truth.size() : 0);
  const std::vector<float> zeros(mean_values.size(), 0.0f);
  NamedSums of_mean, of_zeros;
  for (std::size_t i = 0; i < count; ++i) {
    judged.prepare_truth(i * judged.size() / count, {{}, truth, weights});
    of_mean.add(metric(mean_values, truth, weights));
    of_zeros.add(metric(zeros, truth, weights));
  }
  const NamedValue mean = first_of(of_mean);
  if (mean.higher_is_better) return std::nullopt;
  return Guess{mean.name, mean.value, first_of(of_zeros).value};
}

std::vector<float> mean_values(const SampleSource& samples) {
  const std::size_t count = std::min<std::size_t>(samples.size(), 1000);
  std::vector<float> values(samples.values_per_sample());
  std::vector<float> weights(samples.weighted() ? values.size() : 0);
  std::vector<double> sum(values.size(), 0), total(values.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    samples.prepare_truth(i * samples.size() / count, {{}, values, weights});
    for (std::size_t v = 0; v < values.size(); ++v) {
      const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[v]);
      if (weight == 0) continue;  // the value may be NaN
      sum[v] += weight * static_cast<double>(values[v]);
      total[v] += weight;
    }
  }
  for (std::size_t v = 0; v < values.size(); ++v)
    values[v] = total[v] > 0 ? static_cast<float>(sum[v] / total[v]) : 0.0f;
  return values;
}

}  // namespace lineament
