// The judging of an epoch: its validation, whether training has gone astray, whether it is the best so far.
#pragma once
#include <optional>

#include "lineament/nn/network.hpp"
#include "lineament/train/fit.hpp"
#include "train/fit_ranks.hpp"
#include "train/guess.hpp"
#include "train/objective.hpp"

namespace lineament {

class Judge {
 public:
  /// Of the network that is kept. `validation` may be nullptr; all others must outlive it.
  Judge(const Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
        FitRanks& ranks, Objective& objective, MeanValues& mean)
      : network_(network),
        judged_(validation != nullptr ? *validation : train),
        validates_(validation != nullptr),
        options_(options),
        ranks_(ranks),
        objective_(objective),
        mean_(mean) {}

  /// Completes the report of an epoch, and notes a new best in `state`. Throws TrainingError where the network is far
  /// worse than a guess, or its error no number.
  void operator()(EpochReport& report, TrainingState& state);

 private:
  void validate(EpochReport& report);
  void require_sensible(const EpochReport& report);
  void note_best(EpochReport& report, TrainingState& state);

  const Network& network_;
  const SampleSource& judged_;  ///< the validation's samples, or without them those of the training
  const bool validates_;
  const FitOptions& options_;
  FitRanks& ranks_;
  Objective& objective_;
  MeanValues& mean_;
  std::optional<std::optional<Guess>> guess_;  ///< once it was needed
};

}  // namespace lineament
