// Layers of an exported network put together as a library with fused primitives wants them: a convolution, its sum and
// its ReLU are one operation.
#pragma once
#include <map>

#include "network_file.hpp"

namespace peers {

/// One or more layers of the file that are one primitive: a convolution with its ReLU and the input it is added to.
struct Operation {
  Layer layer;
  bool relu = false;
  std::string residual;
};

/// Layers become operations; flatten is none, because oneDNN's inner product reads pictures.
inline std::vector<Operation> fuse(const std::vector<Layer>& layers) {
  std::vector<Operation> operations;
  std::map<std::string, std::string> now_called{{"input", "input"}};  // a layer's output -> the operation that gives it
  const auto made_by = [&](const std::string& name) -> Operation& {
    for (Operation& o : operations)
      if (o.layer.name == now_called.at(name)) return o;
    throw std::runtime_error("nothing can be fused to the input");
  };
  for (Layer layer : layers) {
    if (layer.type == "input") continue;
    const std::string first = now_called.at(layer.inputs[0]);
    if (layer.type == "flatten") {
      now_called[layer.name] = first;
    } else if (layer.type == "relu") {
      made_by(first).relu = true;
      now_called[layer.name] = first;
    } else if (layer.type == "add") {
      Operation& last = operations.back();
      if (last.layer.name != first || last.layer.type != "conv2d" || last.relu)
        throw std::runtime_error("the sum " + layer.name + " cannot be fused");
      last.residual = now_called.at(layer.inputs[1]);
      now_called[layer.name] = first;
    } else {
      for (std::string& input : layer.inputs) input = now_called.at(input);
      now_called[layer.name] = layer.name;
      operations.push_back({layer, false, ""});
    }
  }
  return operations;
}

}  // namespace peers
