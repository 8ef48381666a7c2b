// Pass: when inferring, a batch norm that alone reads a convolution or dense layer becomes part of its weights and
// bias: running statistics are constants then. From network to network, before there is a plan.
#include <algorithm>
#include <cmath>

#include "lineament/nn/network.hpp"

namespace lineament {
namespace {

/// The batch norm that alone reads layer `id`, if it can be folded into it; else 0.
NodeId norm_to_fold(const Spec& spec, NodeId id) {
  if (!traits_of(spec[id].layer).foldable) return 0;
  const NodeId reader = only_reader(spec, id);
  return reader != 0 && std::holds_alternative<BatchNorm>(spec[reader].layer) ? reader : 0;
}

Layer with_bias(Layer layer) {
  std::visit(
      [](auto& l) {
        if constexpr (requires { l.bias = true; }) l.bias = true;
      },
      layer);
  return layer;
}

/// The spec without the batch norms that are folded; `place` becomes each layer's number in it.
Spec without_folded(const Spec& spec, std::vector<NodeId>& place) {
  Spec lean;
  place.assign(static_cast<std::size_t>(spec.size() + 1), 0);
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const Node& node = spec[id];
    NodeIds inputs;
    for (NodeId input : node.inputs) inputs.push(place[static_cast<std::size_t>(input)]);
    NodeId& to = place[static_cast<std::size_t>(id)];
    if (std::holds_alternative<BatchNorm>(node.layer) && node.inputs[0] > 0 && norm_to_fold(spec, node.inputs[0]) == id)
      to = inputs[0];
    else
      to = lean.add(norm_to_fold(spec, id) != 0 ? with_bias(node.layer) : node.layer, inputs, node.name);
  }
  if (spec.has_marked_outputs())
    for (NodeId id : spec.outputs()) lean.mark_output(place[static_cast<std::size_t>(id)]);
  return lean;
}

/// Applies a batch norm to a layer's weight or bias, whose last axis is the norm's channels.
template <class T>
void fold_into(std::span<T> values, bool is_bias, const BasicNetwork<T>& network, NodeId norm) {
  const std::string prefix = network.spec()[norm].name.str();
  const auto of_norm = [&](const char* name) { return network.values(network.param(prefix + name)); };
  const auto scale = of_norm(".weight"), shift = of_norm(".bias"), mean = of_norm(".running_mean"),
             variance = of_norm(".running_var");
  const T epsilon = T(std::get<BatchNorm>(network.spec()[norm].layer).epsilon);
  std::vector<T> factors(scale.size());
  for (std::size_t c = 0; c < factors.size(); ++c) factors[c] = scale[c] / std::sqrt(variance[c] + epsilon);
  for (std::size_t i = 0; i < values.size(); i += factors.size())
    for (std::size_t c = 0; c < factors.size(); ++c) {
      T& v = values[i + c];
      v = is_bias ? (v - mean[c]) * factors[c] + shift[c] : v * factors[c];
    }
}

}  // namespace

template <class T>
BasicNetwork<T> fold_batch_norm(const BasicNetwork<T>& network) {
  const Spec& spec = network.spec();
  std::vector<NodeId> place;
  const Spec lean = without_folded(spec, place);
  auto result = BasicNetwork<T>::zeros(lean, network.input_shape());
  for (const ParamInfo& to : result.params()) {
    const auto id = static_cast<NodeId>(std::find(place.begin() + 1, place.end(), to.node) - place.begin());
    const std::span<T> values = result.values(to);
    const bool is_bias = to.name.ends_with(".bias");
    // A layer that had no bias gets one of zeros for the norm's.
    for (const ParamInfo& from : network.params())
      if (from.name == to.name) std::copy_n(network.values(from).begin(), values.size(), values.begin());
    if (const NodeId norm = norm_to_fold(spec, id); norm != 0) fold_into(values, is_bias, network, norm);
  }
  return result;
}

template BasicNetwork<float> fold_batch_norm(const BasicNetwork<float>&);
template BasicNetwork<double> fold_batch_norm(const BasicNetwork<double>&);

}  // namespace lineament
