// Whether a batch can be made of these faces: so many of them, photos, drawn faces and crops without a face.
#pragma once
#include <string>
#include <vector>

#include "cli/data.hpp"
#include "cli/train_options.hpp"

namespace lineament::cli {

/// Throws ArgumentError where an epoch has fewer faces than a batch, or `ranks` cannot share one out.
void check_batch(const TrainOptions& options, const Sets& sets, int ranks);

/// Throws ArgumentError where crops without a face have no use, or no place in a batch. Adds to `notes` what is to be
/// said of their number.
void check_negatives(const TrainOptions& options, const Sets& sets, std::vector<std::string>& notes);

}  // namespace lineament::cli
