#include "lineament/nn/ranges.hpp"

#include <algorithm>
#include <cmath>

#include "lineament/error.hpp"
#include "plan/executor.hpp"

namespace lineament {

std::vector<LayerRange> measure_ranges(const Network& network, std::span<const float> samples, int threads) {
  std::size_t size = 0;
  for (const Port& input : network.inputs()) size += input.shape.size();
  if (samples.empty() || samples.size() % size != 0)
    throw ArgumentError({"calibration", "these are no whole samples",
                         "a multiple of " + std::to_string(size) + " values", std::to_string(samples.size()), ""});
  Threads team(threads);
  PreparedWeights<float> weights(network, true);
  const PlanOptions options{.threads = team.count(), .without = {Pass::partition}};
  Executor<float> executor(make_plan(weights.network(), options), weights, team);
  const std::vector<Op>& ops = executor.plan().ops;
  std::vector<LayerRange> ranges;
  for (const Op& op : ops)
    if (traits_of(op.problem.layer).quantisable) ranges.push_back({weights.network().spec()[op.node].name.str(), {}});
  while (!samples.empty()) {
    for (const ValueId input : executor.plan().inputs) {
      const std::span<float> to = executor.value(input);
      std::copy_n(samples.begin(), to.size(), to.begin());
      samples = samples.subspan(to.size());
    }
    auto entry = ranges.begin();
    for (std::size_t s = 0; s < ops.size(); ++s) {
      if (traits_of(ops[s].problem.layer).quantisable) {
        const std::span<const float> values = executor.value(ops[s].inputs[0]);
        if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
          throw ArgumentError({entry->layer, "a value that flows into the layer is not finite", "numbers", "NaN or inf",
                               "look at the samples and at the network's weights"});
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        Range& range = (entry++)->range;
        range = {std::min(range.low, *low), std::max(range.high, *high)};
      }
      executor.run(s, 0);
    }
  }
  return ranges;
}

}  // namespace lineament
