// A training run, from its options to a folder with model, log and report.
#pragma once
#include "cli/ranks.hpp"
#include "cli/train_options.hpp"
#include "lineament/faces/dataset.hpp"

namespace lineament::cli {

/// Trains as the options say, of which a recipe is taken over already. Returns the exit code. Of several ranks, each
/// reads the data, and rank 0 alone the run's folder. `photos`: see load_sets().
int run_training(TrainOptions options, Ranks& ranks, const Dataset* photos = nullptr);

}  // namespace lineament::cli
