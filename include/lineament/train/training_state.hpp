// What a training run must remember, beside its network, to go on as if it had never stopped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

struct TrainingState {
  std::size_t epoch = 0;           ///< epochs completed
  std::uint64_t step = 0;          ///< optimiser steps taken
  double best = 0;                 ///< of the best epoch so far
  std::string best_of{};           ///< what `best` measures: the metric's name, or "loss"
  std::size_t best_epoch = 0;      ///< 1-based; 0: none yet
  std::vector<float> optimizer{};  ///< Optimizer::state()
  std::size_t batch = 0;           ///< batches done of the epoch under way: 0 but for a run that on_step ended
  std::vector<double> sums{};      ///< over those batches: of the loss, of samples measured, of each metric
  /// FitOptions::ema: the weights that are trained; those of the network beside it are their average.
  std::vector<float> weights{};
  std::string settings{};  ///< the run's options as the caller writes them, compared on resuming
};

}  // namespace lineament
