// A run's report: what it was made with, how it went, and its best and worst faces.
#pragma once
#include <vector>

#include "cli/data.hpp"
#include "cli/report.hpp"
#include "cli/train_options.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

/// Measures `best` on the held-out faces, or on those trained on where none are held out.
Report run_report(const TrainOptions& options, const Sets& sets, const std::vector<EpochReport>& epochs,
                  const Model& best);

}  // namespace lineament::cli
