// Sums over the epoch under way, and how a run that is stopped in the middle of one takes them along.
#pragma once
#include <cstddef>

#include "lineament/train/metrics.hpp"
#include "lineament/train/training_state.hpp"

namespace lineament {

struct EpochTotals {
  double loss = 0;  ///< of batches
  std::size_t batches = 0, samples = 0;
  NamedSums metrics;  ///< of samples that have any

  Means means() const { return {samples, loss / static_cast<double>(batches), metrics.means()}; }
};

/// Those of an epoch of `batches` that was left in the middle; empty where `state` begins one. Throws ArgumentError
/// where the state is of another epoch.
EpochTotals totals_of(const TrainingState& state, std::size_t batches, std::size_t samples_in_batch);

/// Puts them into `state`, with where the epoch is left: 0, and no sums, after its last batch.
void keep_totals(const EpochTotals& totals, std::size_t batches, TrainingState& state);

}  // namespace lineament
