// What people watch while a detector trains.
#pragma once
#include "lineament/api.hpp"
#include "lineament/train/metrics.hpp"

namespace LINEAMENT_API lineament {

/// A Metric of one picture of width x height pixels, whose outputs and truth are cells as faces_to_cells() writes them:
/// - "F1": 2 right / (2 right + wrong + missed), faces of at least `score` that overlap a true one by a half being
/// right;
/// - "wrong": found faces that are none. Where the truth asks for nothing, nothing is wrong.
/// Pictures with neither faces nor finds are not counted. Recall and precision over many pictures, at any score:
/// FoundMeasures. Throws ArgumentError for sides that are no multiples of 32 and for another number of values.
Metric detection_metric(int width, int height, float score = 0.5f);

}  // namespace lineament
