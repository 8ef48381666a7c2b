#include "train/trained_weights.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lineament/error.hpp"
#include "train/average.hpp"
#include "train/require_finite.hpp"

namespace lineament {

std::vector<WeightRange> decayed_ranges(const Network& network) {
  std::vector<WeightRange> ranges;
  for (const ParamInfo& p : network.params())
    if (p.trainable && p.decay) ranges.push_back({p.offset, p.size});
  return ranges;
}

TrainedWeights::TrainedWeights(Network& kept, const FitOptions& options, FitRanks& ranks)
    : kept_(kept),
      options_(options),
      ranks_(ranks),
      frozen_(kept, options.frozen),
      own_(options.ema > 0 ? std::optional(kept) : std::nullopt),
      trained_(own_ ? *own_ : kept),
      optimizer_(options.optimizer, kept.trainable_size(), decayed_ranges(kept), frozen_.ranges()) {}

/// A bias that is all 0 is one that was never trained.
void TrainedWeights::start_at_mean(const Places& outputs, MeanValues& mean) {
  for (const Place& output : outputs) {
    const ParamInfo* bias = bias_of(kept_, output);
    if (bias == nullptr || frozen_.has(*bias)) continue;
    const std::span<const float> learnt = std::as_const(trained_).values(*bias);
    if (std::any_of(learnt.begin(), learnt.end(), [](float b) { return b != 0; })) continue;
    std::copy_n(mean().begin() + static_cast<std::ptrdiff_t>(output.first), output.size,
                trained_.values(*bias).begin());
  }
  if (own_) kept_ = *own_;
}

void TrainedWeights::restore(const TrainingState& state) {
  optimizer_.restore(state.optimizer, state.step);
  if (state.weights.size() != (own_ ? own_->weights().size() : 0))
    throw ArgumentError({"resume",
                         own_ ? "the run was begun without an average of its weights"
                              : "the run was begun with an average of its weights",
                         own_ ? "FitOptions::ema 0" : "FitOptions::ema above 0", std::to_string(options_.ema),
                         "resume with the options the run was started with"});
  if (own_) std::copy(state.weights.begin(), state.weights.end(), own_->weights().begin());
}

void TrainedWeights::store(TrainingState& state) const {
  state.optimizer.assign(optimizer_.state().begin(), optimizer_.state().end());
  if (own_) state.weights.assign(own_->weights().begin(), own_->weights().end());
}

void TrainedWeights::step(std::span<float> gradients, std::size_t batches, float rate, Threads& threads,
                          TrainingState& state) {
  const OnThreads parallel{threads};
  const float scale = scale_of(gradients, batches, parallel, state.epoch);
  optimizer_.step(trained_.weights().first(trained_.trainable_size()), gradients, rate, scale, parallel);
  ranks_.average_statistics(trained_);
  frozen_.restore_statistics(trained_);
  ++state.step;
  if (own_) move_average(kept_.weights(), std::as_const(*own_).weights(), options_.ema, state.step);
  const auto every = static_cast<std::uint64_t>(options_.distributed.compare_every);
  if (every > 0 && state.step % every == 0) compare_ranks();
}

/// The mean of the batches, clipped.
float TrainedWeights::scale_of(std::span<float> gradients, std::size_t batches, OnThreads parallel,
                               std::size_t epoch) const {
  float scale = 1 / static_cast<float>(batches);
  if (options_.clip_norm > 0) {
    frozen_.clear_gradients(gradients);
    const double norm = gradient_norm(gradients, parallel) / static_cast<double>(batches);
    require_finite(norm, "the gradient's norm", epoch, ranks_);
    scale *= clip_scale(norm, options_.clip_norm);
  }
  return scale;
}

void TrainedWeights::compare_ranks() const {
  const std::span<const float> of_ranks[] = {std::as_const(kept_).weights(), std::as_const(trained_).weights(),
                                             optimizer_.state()};
  ranks_.require_same_weights(of_ranks);
}

void TrainedWeights::require_finite_weights(std::size_t epoch) const {
  for (const Network* network : {&kept_, &trained_})
    for (const float weight : std::as_const(*network).weights())
      require_finite(static_cast<double>(weight), "a weight", epoch, ranks_);
}

}  // namespace lineament
