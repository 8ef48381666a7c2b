// The photos that a model has seen, and those of a run.
#pragma once
#include "cli/data.hpp"
#include "cli/train_options.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {

/// Says so if the data of a resumed run have changed, and if the weights have seen a photo that is held out: they are
/// of no use to choose an epoch by it.
void warn_of_trained(Model& model, const Sets& sets, const TrainOptions& o);

/// Says so if photos that are put behind drawn faces are among the annotated ones.
void warn_of_backgrounds(const Sets& sets, const TrainOptions& o);

/// What the model knows of its faces: by them 'evaluate' tells that a photo was trained on.
void note_photos(Model& model, const Sets& sets);

}  // namespace lineament::cli
