// Layers of an exported network put together as a library with fused primitives wants them: a convolution or dense
// layer, its sum and its activation are one operation.
#pragma once
#include <algorithm>
#include <array>
#include <map>

#include "network_file.hpp"

namespace peers {

/// One or more layers of the file that are one primitive: a convolution with its activation and the input it is added
/// to.
struct Operation {
  Layer layer;
  std::string activation;  ///< a layer's type
  std::string residual;
  bool overwrites = false;  ///< what it adds to, or multiplies, is read by nobody else later
};

struct Fused {
  std::vector<Operation> operations;
  std::vector<std::string> outputs;  ///< the network's, each by the operation that gives it
};

template <class List>
bool contains(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Layers become operations; flatten is none, because oneDNN's inner product reads pictures.
class Fusion {
 public:
  explicit Fusion(const std::vector<Layer>& layers) {
    for (const Layer& layer : layers)
      for (const std::string& input : layer.inputs) ++readers_[input];
    for (const Layer& layer : layers) add(layer);
    for (std::size_t i = 0; i < fused_.operations.size(); ++i) {
      Operation& o = fused_.operations[i];
      if (!o.residual.empty()) o.overwrites = dies_at(i, o.residual);
      if (o.layer.type == "multiply") o.overwrites = dies_at(i, o.layer.inputs[0]);
    }
  }
  Fused take() { return std::move(fused_); }

 private:
  void add(Layer layer) {
    static constexpr std::array<std::string_view, 3> kActivations{"relu", "hard_swish", "sigmoid"};
    if (layer.type == "input") return;
    const std::string last_layer = last_;
    for (std::string& input : layer.inputs) input = now_called_.at(input);
    last_ = layer.name;
    if (layer.type == "output") {
      fused_.outputs = layer.inputs;
    } else if (layer.type == "flatten") {
      now_called_[layer.name] = layer.inputs[0];
    } else if (contains(kActivations, layer.type)) {
      if (fused_.operations.empty() || layer.inputs[0] != open_operation(last_layer))
        throw std::runtime_error("the activation " + layer.name + " cannot be fused");
      fused_.operations.back().activation = layer.type;
      now_called_[layer.name] = layer.inputs[0];
    } else if (layer.type == "add") {
      add_sum(layer, open_operation(last_layer));
    } else {
      now_called_[layer.name] = layer.name;
      fused_.operations.push_back({layer, "", "", false});
    }
  }

  /// The operation that the layer before is the end of, if more can be fused to it: it is a product without an
  /// activation, and nobody else wants it as it is.
  std::string open_operation(const std::string& last_layer) const {
    if (fused_.operations.empty() || readers_.at(last_layer) > 1) return "";
    const Operation& o = fused_.operations.back();
    const bool product = o.layer.type == "conv2d" || o.layer.type == "dense";
    return product && o.activation.empty() && now_called_.at(last_layer) == o.layer.name ? o.layer.name : "";
  }

  void add_sum(const Layer& layer, const std::string& into) {
    const auto at = std::find(layer.inputs.begin(), layer.inputs.end(), into);
    if (layer.inputs.size() != 2 || at == layer.inputs.end() || !fused_.operations.back().residual.empty())
      throw std::runtime_error("the sum " + layer.name + " cannot be fused");
    fused_.operations.back().residual = layer.inputs[at == layer.inputs.begin() ? 1 : 0];
    now_called_[layer.name] = into;
  }

  bool dies_at(std::size_t number, const std::string& name) const {
    const auto reads = [&](const Operation& o) { return o.residual == name || contains(o.layer.inputs, name); };
    const std::span later = std::span(fused_.operations).subspan(number + 1);
    return name != "input" && std::none_of(later.begin(), later.end(), reads) && !contains(fused_.outputs, name);
  }

  Fused fused_;
  std::map<std::string, int> readers_;  ///< of each layer
  /// A layer's output -> the operation that gives it.
  std::map<std::string, std::string> now_called_{{"input", "input"}};
  std::string last_ = "input";
};

inline Fused fuse(const std::vector<Layer>& layers) {
  return Fusion(layers).take();
}

}  // namespace peers
