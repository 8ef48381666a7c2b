#include "lineament/nn/ranges.hpp"

#include <algorithm>

#include "lineament/error.hpp"
#include "plan/executor.hpp"

namespace lineament {

std::vector<LayerRange> measure_ranges(const Network& network, std::span<const float> images, int threads) {
  const std::size_t size = network.input_shape().size();
  if (images.empty() || images.size() % size != 0)
    throw ArgumentError({"calibration", "these are no whole images",
                         "a multiple of " + std::to_string(size) + " values", std::to_string(images.size()), ""});
  Threads team(threads);
  PreparedWeights<float> weights(network, true);
  const PlanOptions options{.threads = team.count(), .without = {Pass::partition}};
  Executor<float> executor(make_plan(weights.network(), options), weights, team);
  const std::vector<Op>& ops = executor.plan().ops;
  std::vector<LayerRange> ranges;
  for (const Op& op : ops)
    if (traits_of(op.problem.layer).quantisable) ranges.push_back({weights.network().spec()[op.node].name.str(), {}});
  for (; !images.empty(); images = images.subspan(size)) {
    std::copy_n(images.begin(), size, executor.value(Spec::kInput).begin());
    auto entry = ranges.begin();
    for (std::size_t s = 0; s < ops.size(); ++s) {
      if (traits_of(ops[s].problem.layer).quantisable) {
        const std::span<const float> values = executor.value(ops[s].inputs[0]);
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
