// Gradients of a step's batches: each goes through the network and the losses, and back.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/batches.hpp"
#include "lineament/train/fit.hpp"
#include "train/epoch_totals.hpp"
#include "train/fit_ranks.hpp"
#include "train/objective.hpp"
#include "train/ports.hpp"
#include "train/whole_batch.hpp"

namespace lineament {

class BatchGradients {
 public:
  /// Of `network`; the others must outlive it, too. `values`: of a sample.
  BatchGradients(Network& network, std::size_t values, const FitOptions& options, FitRanks& ranks,
                 Objective& objective);

  /// Those of `count` batches, those of all ranks, added up, in place of the ones before. Adds to the epoch's `totals`.
  /// Throws TrainingError where a loss is no number.
  void of_step(Batches& batches, std::size_t count, const TrainingState& state, EpochTotals& totals);

  std::span<float> values() { return session_.gradients(); }
  Threads& threads() { return session_.threads(); }
  /// The outputs that have a truth.
  const Places& judged() const { return judged_; }

 private:
  double forward(const Batch& batch, EpochTotals& totals);
  void backward(bool last);
  void measure(EpochTotals& totals);

  const FitOptions& options_;
  FitRanks& ranks_;
  Objective& objective_;
  TrainingSession session_;
  const std::span<float> gradients_;  ///< the session's, also while they are being made
  const Ports ports_;
  WholeBatch whole_;
  const std::size_t values_;  ///< of a sample
  const Places judged_;
  std::vector<float> sample_;  ///< its outputs, if there are several
};

}  // namespace lineament
