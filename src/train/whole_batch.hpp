// What losses and metrics see of a batch, after its forward: that of the session, or, where ranks share the batch, the
// outputs and truths of all shares, in the batch's order. So each rank has the loss that one alone would have.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "lineament/train/batches.hpp"
#include "lineament/train/joint_loss.hpp"
#include "train/fit_ranks.hpp"
#include "train/ports.hpp"

namespace lineament {

class WholeBatch {
 public:
  WholeBatch(const Places& places, const FitRanks& ranks) : places_(places), ranks_(ranks) {}

  std::vector<OutputBatch<float>> outputs;
  std::span<const float> values, weights;  ///< see Batch
  std::size_t samples = 0, fresh = 0;

  void take(TrainingSession& session, const Batch& batch) {
    outputs.clear();
    samples = batch.indices.size() * ranks_.parts(), fresh = batch.fresh;
    values = batch.values, weights = batch.weights;
    if (ranks_.alone())
      for (std::size_t i = 0; i < places_.size(); ++i)
        outputs.push_back({places_[i].name, session.output(i), session.output_gradient(i)});
    else
      gather(session, batch);
  }

  /// Writes the gradients of this rank's share where its backward begins.
  void give_gradients(TrainingSession& session) const {
    if (ranks_.alone()) return;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const std::span<float> own = session.output_gradient(i);
      const auto share = outputs[i].gradient.subspan(ranks_.part() * own.size(), own.size());
      std::copy(share.begin(), share.end(), own.begin());
    }
  }

 private:
  void gather(const TrainingSession& session, const Batch& batch) {
    gathered_.resize(places_.size() + 2);
    gradients_.resize(places_.size());
    const auto of_all = [&](std::span<const float> mine, std::vector<float>& all) {
      all.resize(mine.size() * ranks_.parts());
      if (!mine.empty()) ranks_.gather(mine, all);
      return std::span<const float>(all);
    };
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const std::span<const float> all = of_all(session.output(i), gathered_[i]);
      gradients_[i].resize(all.size());
      outputs.push_back({places_[i].name, all, gradients_[i]});
    }
    values = of_all(batch.values, gathered_[places_.size()]);
    weights = of_all(batch.weights, gathered_[places_.size() + 1]);
  }

  const Places& places_;
  const FitRanks& ranks_;
  std::vector<std::vector<float>> gathered_, gradients_;
};

}  // namespace lineament
