// A training run, from its options to a folder with model, log and report.
#pragma once
#include "cli/train_options.hpp"

namespace lineament::cli {

/// Trains as the options say, of which a recipe is taken over already. Returns the exit code.
int run_training(TrainOptions options);

}  // namespace lineament::cli
