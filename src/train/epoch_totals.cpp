#include "train/epoch_totals.hpp"

#include <span>
#include <string>

#include "lineament/error.hpp"

namespace lineament {

EpochTotals totals_of(const TrainingState& state, std::size_t batches, std::size_t samples_in_batch) {
  EpochTotals totals;
  if (state.batch == 0) return totals;
  if (state.batch >= batches || state.sums.size() < 2)
    throw ArgumentError({"resume", "the run was stopped in the middle of another epoch",
                         "fewer than " + std::to_string(batches) + " batches done", std::to_string(state.batch),
                         "resume with the samples and batch size the run was started with"});
  totals.loss = state.sums.front();
  totals.batches = state.batch;
  totals.samples = state.batch * samples_in_batch;
  totals.metrics.restore(std::span(state.sums).subspan(2), static_cast<std::size_t>(state.sums[1]));
  return totals;
}

void keep_totals(const EpochTotals& totals, std::size_t batches, TrainingState& state) {
  state.batch = totals.batches < batches ? totals.batches : 0;
  state.sums.clear();
  if (state.batch == 0) return;
  state.sums = totals.metrics.sums();
  state.sums.insert(state.sums.begin(), {totals.loss, static_cast<double>(totals.metrics.samples())});
}

}  // namespace lineament
