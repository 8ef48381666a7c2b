// From the options of a training run to those of fit().
#pragma once
#include "cli/train_options.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/landmarker/face_samples.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/fit.hpp"

namespace lineament::cli {

/// Throws ArgumentError for options that do not go together, before anything is read.
void check_options(const TrainOptions& options);

/// All but the loss and the mixes. Throws ArgumentError for names that there are not.
FitOptions fit_options(const TrainOptions& options, const Scheme& scheme);

/// Throws ArgumentError for a loss that is not for this network.
void set_loss(FitOptions& fit, const TrainOptions& options, const Network& network, const Scheme& scheme);

/// Says how many faces the loss learns nothing from: where it divides by the distance of eyes that is not known.
void note_blind(const TrainOptions& options, const FaceSamples& faces);

}  // namespace lineament::cli
