// A network's description as JSON, for people to write and for model files to keep:
//   {"input": [128, 128, 3],
//    "layers": [{"type": "conv2d", "channels": 32, "kernel": 3}, {"type": "relu"}, {"type": "flatten"},
//               {"type": "dense", "features": 136}]}
// "name" may be left out; so may "inputs" (names of earlier layers, or "input"), which then is the layer before; so may
// any option that has a default. A further input is {"type": "input", "name": "depth", "shape": [64, 64, 1]}, a layer
// of a user's own {"type": "custom", "layer": "channel_gain"}. "outputs" beside "layers" names the layers that output
// something; without it the last one does.
#pragma once
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/nn/spec.hpp"

namespace LINEAMENT_API lineament {

struct SpecFile {
  Spec spec;
  Shape input;
};

/// Every option written out.
std::string spec_to_json(const Spec& spec, const Shape& input);

/// Throws FormatError (not JSON, wrong type of a value) or SpecError (unknown layer or option, layers that do not fit
/// each other); `name` is used in messages.
SpecFile spec_from_json(std::string_view text, std::string_view name);

}  // namespace lineament
