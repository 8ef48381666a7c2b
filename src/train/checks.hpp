// What a fit refuses before anything happens.
#pragma once
#include "lineament/train/fit.hpp"

namespace lineament {

/// Throws ArgumentError, naming the option, for one out of range, and for samples there are none of; SpecError where
/// the samples do not fit the network.
void check_fit(const Network& network, const SampleSource& train, const SampleSource* validation,
               const FitOptions& options);

}  // namespace lineament
