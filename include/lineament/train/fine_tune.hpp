// Starting from a trained network: its weights by name, and layers that are left as they are.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/optimizers.hpp"

namespace LINEAMENT_API lineament {

/// What take_weights() found.
struct TakenWeights {
  std::vector<std::string> taken;  ///< layers that now have the other network's weights
  std::vector<std::string> fresh;  ///< layers with weights that the other network has no layer for
};

/// Copies the weights and statistics of `from` into the layers of `to` that have the same names; the others keep what
/// they have. Throws SpecError, naming the layer, where a shape differs, and if no layer has a namesake: then nothing
/// was copied.
TakenWeights take_weights(Network& to, const Network& from);

/// The parameters that `patterns` name: layers ("conv1"), single parameters ("conv1.bias"), or many of either, where
/// '*' stands for any characters and '?' for one ("features.*"). In the order of network.params(). Throws ArgumentError
/// for a pattern that fits nothing.
std::vector<ParamInfo> params_named(const Network& network, std::span<const std::string> patterns);

/// What an Optimizer takes as `decayed`: the weights, not biases and norms. Without them it decays nothing.
std::vector<WeightRange> decayed_ranges(const Network& network);

}  // namespace lineament
