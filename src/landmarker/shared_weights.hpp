// One set of folded and packed weights for all Landmarkers of a model.
#pragma once
#include <memory>

#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"

namespace lineament {

/// The same for every call with the same model on the same instruction set, as long as somebody uses them.
std::shared_ptr<PreparedWeights<float>> shared_weights(const std::shared_ptr<const Model>& model);

}  // namespace lineament
