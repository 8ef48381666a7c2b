// Figures of a report that say where a model errs: by point, by pose, by size, and whether it knows.
#pragma once
#include <string>

#include "lineament/landmarker/face_results.hpp"

namespace lineament::cli {

/// `points`: names of the scheme's points, in order. What there is nothing of is left out.
std::string details_figures(const FaceDetails& details, double nme, const Scheme& scheme);

}  // namespace lineament::cli
