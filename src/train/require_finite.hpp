// What ends a fit before a NaN gets into what is kept.
#pragma once
#include <cmath>
#include <cstddef>
#include <string>

#include "lineament/error.hpp"
#include "train/fit_ranks.hpp"

namespace lineament {

/// Throws TrainingError, on all ranks, where `what` is infinite or no number. `epoch`: how many are done.
inline void require_finite(double value, const char* what, std::size_t epoch, FitRanks& ranks) {
  if (std::isfinite(value)) return;
  ranks.all_fail();
  throw TrainingError({"epoch " + std::to_string(epoch + 1), std::string(what) + " is no longer a number", "",
                       std::to_string(value),
                       "lower the learning rate or clip the gradient; checkpoints of earlier epochs are still good"});
}

}  // namespace lineament
