// Options that change nothing of the run they are given for: whoever gives one believes that it does.
#pragma once
#include <string>
#include <vector>

#include "cli/train_options.hpp"
#include "lineament/nn/network.hpp"

namespace lineament::cli {

/// A note for each option of the command line that has no effect on this run, and why. `ranks`: how many train.
std::vector<std::string> idle_options(const TrainOptions& options, const Network& network, int ranks);

}  // namespace lineament::cli
