#include "train/guess.hpp"

#include <algorithm>

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
  std::vector<float> pixels(judged.pixels_per_sample()), truth(mean_values.size());
  std::vector<float> weights(judged.weighted() ? truth.size() : 0);
  const std::vector<float> zeros(mean_values.size(), 0.0f);
  NamedSums of_mean, of_zeros;
  for (std::size_t i = 0; i < count; ++i) {
    judged.prepare(i * judged.size() / count, Random(0), false, {pixels, truth, weights});
    of_mean.add(metric(mean_values, truth, weights));
    of_zeros.add(metric(zeros, truth, weights));
  }
  const NamedValue mean = first_of(of_mean);
  if (mean.higher_is_better) return std::nullopt;
  return Guess{mean.name, mean.value, first_of(of_zeros).value};
}

}  // namespace lineament
