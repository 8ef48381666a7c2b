// Which values flow into the layers of a network: what inference in int8 is calibrated with.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/range.hpp"

namespace LINEAMENT_API lineament {

struct LayerRange {
  std::string layer;
  Range range;  ///< of the layer's input
};

/// Runs `network` on some samples, one after the other (of a network with several inputs: all inputs of the first, all
/// of the second, …), and notes the smallest and largest value that enters each convolution and dense layer. A few
/// dozen samples like those to come are enough. Throws ArgumentError for none, or a part of one.
std::vector<LayerRange> measure_ranges(const Network& network, std::span<const float> samples, int threads = 1);

}  // namespace lineament
