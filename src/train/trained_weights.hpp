// The weights of a fit: where they start, the optimiser's step, their average, and what of them a run is resumed from.
#pragma once
#include <cstddef>
#include <optional>
#include <span>

#include "lineament/nn/network.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/train/optimizers.hpp"
#include "train/fit_ranks.hpp"
#include "train/frozen.hpp"
#include "train/guess.hpp"
#include "train/ports.hpp"

namespace lineament {

class TrainedWeights {
 public:
  /// `kept`: the network that is measured and kept, and, without an average, trained. All must outlive this.
  TrainedWeights(Network& kept, const FitOptions& options, FitRanks& ranks);
  TrainedWeights(const TrainedWeights&) = delete;
  TrainedWeights& operator=(const TrainedWeights&) = delete;

  Network& network() { return trained_; }

  /// Of outputs with a truth that were never trained, the bias.
  void start_at_mean(const Places& outputs, MeanValues& mean);
  /// As they were left. Throws ArgumentError where they do not fit the options.
  void restore(const TrainingState& state);
  void store(TrainingState& state) const;

  /// By the sum of the gradients of `batches` batches. Counts up the state's step. Throws TrainingError where the
  /// gradient's norm is no number, and on ranks where weights differ.
  void step(std::span<float> gradients, std::size_t batches, float rate, Threads& threads, TrainingState& state);

  /// Sums in fixed order keep all ranks the same: throws TrainingError on all of them where one is not.
  void compare_ranks() const;
  /// Throws TrainingError where one is no number. `epoch`: how many are done.
  void require_finite_weights(std::size_t epoch) const;

 private:
  float scale_of(std::span<float> gradients, std::size_t batches, OnThreads parallel, std::size_t epoch) const;

  Network& kept_;
  const FitOptions& options_;
  FitRanks& ranks_;
  Frozen frozen_;
  std::optional<Network> own_;  ///< with an average, which `kept_` then is
  Network& trained_;
  Optimizer optimizer_;
};

}  // namespace lineament
