// Which layers have the last word in what a network outputs.
#pragma once
#include <vector>

#include "lineament/nn/spec.hpp"

namespace lineament {

/// By NodeId: 1 for what an output comes from with nothing after it but layers of at most one learnt number (flatten,
/// ReLU, soft-argmax).
std::vector<char> near_output(const Spec& spec, const Shapes& shapes);

}  // namespace lineament
