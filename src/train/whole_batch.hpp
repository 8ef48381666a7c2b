// What losses and metrics see of a batch, after its forward: that of the session, or, where ranks share the batch, the
// outputs and truths of all shares, one after the other. So each rank has the loss that one alone would have. Of large
// outputs each rank keeps its share, and what these add to the loss is added up.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "lineament/train/batches.hpp"
#include "lineament/train/joint_loss.hpp"
#include "train/fit_ranks.hpp"
#include "train/ports.hpp"

namespace lineament {

class WholeBatch {
 public:
  /// `own_outputs`: of which every rank keeps its share.
  WholeBatch(const Places& places, const FitRanks& ranks, const std::vector<std::string>& own_outputs)
      : places_(places), ranks_(ranks), shares_(places.size()) {
    for (const Place& place : places)
      keeps_.push_back(!ranks.alone() &&
                       std::find(own_outputs.begin(), own_outputs.end(), place.name) != own_outputs.end());
  }

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

  /// Where sample k of the batch is.
  std::size_t place_of(std::size_t k) const {
    const std::size_t parts = ranks_.parts();
    return ranks_.interleaved() ? k % parts * (samples / parts) + k / parts : k;
  }

  /// Writes the gradients of this rank's share where its backward begins.
  void give_gradients(TrainingSession& session) const {
    if (ranks_.alone()) return;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (keeps_[i]) continue;
      const std::span<float> own = session.output_gradient(i);
      const auto share = outputs[i].gradient.subspan(ranks_.part() * own.size(), own.size());
      std::copy(share.begin(), share.end(), own.begin());
    }
  }

  /// What ranks' own shares of outputs add to the loss, all ranks' together.
  double loss_of_shares() const {
    if (std::find(keeps_.begin(), keeps_.end(), true) == keeps_.end()) return 0;
    double mine = 0;
    for (const OwnShare& share : shares_) mine += share.value;
    return ranks_.sum(mine);
  }

 private:
  void gather(TrainingSession& session, const Batch& batch) {
    gathered_.resize(places_.size() + 2);
    gradients_.resize(places_.size());
    const auto of_all = [&](std::span<const float> mine, std::vector<float>& all) {
      all.resize(mine.size() * ranks_.parts());
      if (!mine.empty()) ranks_.gather(mine, all);
      return std::span<const float>(all);
    };
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (keeps_[i]) {
        shares_[i] = {ranks_.part() * batch.indices.size(), 0};
        outputs.push_back({places_[i].name, session.output(i), session.output_gradient(i), &shares_[i]});
        continue;
      }
      const std::span<const float> all = of_all(session.output(i), gathered_[i]);
      gradients_[i].resize(all.size());
      outputs.push_back({places_[i].name, all, gradients_[i]});
    }
    values = of_all(batch.values, gathered_[places_.size()]);
    weights = of_all(batch.weights, gathered_[places_.size() + 1]);
  }

  const Places& places_;
  const FitRanks& ranks_;
  std::vector<bool> keeps_;  ///< of each output: its own share alone
  std::vector<OwnShare> shares_;
  std::vector<std::vector<float>> gathered_, gradients_;
};

}  // namespace lineament
