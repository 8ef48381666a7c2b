#include "lineament/nn/ranges.hpp"

#include <algorithm>

#include "lineament/error.hpp"
#include "plan/segment.hpp"

namespace lineament {
namespace {

bool has_range(const Layer& layer) {
  return traits_of(layer).quantisable;
}

}  // namespace

std::vector<LayerRange> measure_ranges(const Network& network, std::span<const float> pictures, int threads) {
  const std::size_t size = network.input_shape().size();
  if (pictures.empty() || pictures.size() % size != 0)
    throw ArgumentError({"calibration", "these are no whole pictures",
                         "a multiple of " + std::to_string(size) + " values", std::to_string(pictures.size()), ""});
  const Network folded = fold_batch_norm(network);
  const Spec& spec = folded.spec();
  Threads team(threads);
  const SessionOptions options{.threads = team.count()};
  Segment<float> segment(folded, nullptr, make_steps(folded, options), {.session = options}, team);
  segment.pack();
  std::vector<LayerRange> ranges;
  for (const Step<float>& step : segment.steps())
    if (has_range(spec[step.node].layer)) ranges.push_back({spec[step.node].name.str(), {}});
  for (; !pictures.empty(); pictures = pictures.subspan(size)) {
    std::copy_n(pictures.begin(), size, segment.input().begin());
    auto entry = ranges.begin();
    for (std::size_t s = 0; s < segment.steps().size(); ++s) {
      const Step<float>& step = segment.steps()[s];
      if (has_range(spec[step.node].layer)) {
        const std::span<const float> values(step.inputs[0].data, step.inputs[0].shape.size());
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        Range& range = (entry++)->range;
        range = {std::min(range.low, *low), std::max(range.high, *high)};
      }
      segment.run(s, 0);
    }
  }
  return ranges;
}

}  // namespace lineament
