#include "lineament/nn/network.hpp"

#include <cmath>

#include "lineament/random.hpp"

namespace lineament {
namespace {

void check_every_output_is_used(const Spec& spec) {
  if (spec.size() == 0) throw SpecError({"network", "there are no layers", "at least one", "none", "add layers"});
  for (NodeId id = 1; id < spec.size(); ++id) {
    bool used = false;
    for (NodeId other = id + 1; other <= spec.size(); ++other)
      for (NodeId input : spec[other].input_ids()) used = used || input == id;
    if (!used)
      throw SpecError({describe(spec[id]), "its output is never used", "a layer that reads it", "none",
                       "connect it or leave it out"});
  }
}

}  // namespace

template <class T>
BasicNetwork<T>::BasicNetwork(const Spec& spec, const Shape& input, Zeros)
    : spec_(spec), shapes_(infer_shapes(spec, input)) {
  check_every_output_is_used(spec);
  lay_out();
}

template <class T>
BasicNetwork<T>::BasicNetwork(const Spec& spec, const Shape& input, std::uint64_t seed)
    : BasicNetwork(spec, input, Zeros{}) {
  initialise(seed);
}

template <class T>
void BasicNetwork<T>::lay_out() {
  constexpr std::size_t kStep = 16;  // values: a cache line of floats
  std::size_t end = 0;
  for (const bool trainable : {true, false}) {
    for (NodeId id = 1; id <= spec_.size(); ++id) {
      for (const ParamSpec& p : lineament::params_of(spec_[id].layer, InputShapes(spec_[id], shapes_))) {
        if (p.trainable != trainable) continue;
        params_.push_back({spec_[id].name.str() + "." + std::string(p.name), id, p.shape, end, p.shape.size(), p.decay,
                           p.trainable, p.init, p.fan_in, p.fan_out});
        end += (p.shape.size() + kStep - 1) / kStep * kStep;
      }
    }
    if (trainable) trainable_size_ = end;
  }
  weights_ = Buffer<T>(end);
}

// A regression starts at its bias, the mean shape: at full size the first outputs would be noise of several face
// widths, which the first epochs are then spent on unlearning.
constexpr float kOutputScale = 0.05f;

template <class T>
void BasicNetwork<T>::initialise(std::uint64_t seed) {
  for (std::size_t i = 0; i < params_.size(); ++i) {
    const ParamInfo& p = params_[i];
    const std::span<T> to = values(p);
    if (p.init == Init::one) std::fill(to.begin(), to.end(), T(1));
    if (p.init == Init::quarter) std::fill(to.begin(), to.end(), T(0.25));
    if (p.init != Init::weight) continue;
    Random random(seed, i);
    if (p.node == spec_.last()) {
      const float limit = kOutputScale * std::sqrt(6.0f / static_cast<float>(p.fan_in + p.fan_out));
      for (T& w : to) w = static_cast<T>(random.uniform(-limit, limit));
    } else {
      const float deviation = std::sqrt(2.0f / static_cast<float>(p.fan_in));
      for (T& w : to) w = static_cast<T>(random.normal(0, deviation));
    }
  }
}

template <class T>
const ParamInfo& BasicNetwork<T>::param(std::string_view name) const {
  for (const ParamInfo& p : params_)
    if (p.name == name) return p;
  throw ArgumentError({"network", "there is no parameter of that name", "", std::string(name), ""});
}

template <class T>
std::vector<ParamInfo> BasicNetwork<T>::params_of(NodeId layer) const {
  std::vector<ParamInfo> list;
  for (const ParamSpec& p : lineament::params_of(spec_[layer].layer, InputShapes(spec_[layer], shapes_)))
    list.push_back(param(spec_[layer].name.str() + "." + std::string(p.name)));
  return list;
}

template <class T>
BasicNetwork<T> BasicNetwork<T>::without_weights() const {
  BasicNetwork bare;
  bare.spec_ = spec_;
  bare.shapes_ = shapes_;
  bare.params_ = params_;
  bare.trainable_size_ = trainable_size_;
  return bare;
}

template <class T>
std::size_t BasicNetwork<T>::weight_count() const {
  std::size_t n = 0;
  for (const ParamInfo& p : params_) n += p.trainable ? p.size : 0;
  return n;
}

template <class T>
std::size_t BasicNetwork<T>::multiply_adds() const {
  std::size_t n = 0;
  for (NodeId id = 1; id <= spec_.size(); ++id) n += lineament::multiply_adds(spec_[id], shapes_, id);
  return n;
}

template <class T>
void BasicNetwork<T>::set_output_bias(std::span<const float> bias) {
  const Dense* dense = std::get_if<Dense>(&spec_[spec_.last()].layer);
  if (dense == nullptr || !dense->bias)
    throw SpecError({describe(spec_[spec_.last()]), "the output bias cannot be set",
                     "a dense layer with bias as the last", "", ""});
  const std::span<T> to = values(param(spec_[spec_.last()].name.str() + ".bias"));
  if (bias.size() != to.size())
    throw ArgumentError(
        {"output bias", "the number of values is wrong", std::to_string(to.size()), std::to_string(bias.size()), ""});
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(bias[i]);
}

namespace {

/// A convolution's or dense layer's parameter list is {weight, bias}; output channels are the weight's last axis.
template <class L>
Layer with_bias(L layer) {
  layer.bias = true;
  return layer;
}

}  // namespace

template <class T>
BasicNetwork<T> fold_batch_norm(const BasicNetwork<T>& network) {
  const Spec& spec = network.spec();
  // folded[i]: the batch norm folded into layer i, or 0. place[i]: layer i's number in the new spec.
  std::vector<NodeId> folded(static_cast<std::size_t>(spec.size() + 1), 0), place(folded.size(), 0);
  Spec lean;
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const Node& node = spec[id];
    Layer layer = node.layer;
    const NodeId source = node.inputs[0];
    if (std::holds_alternative<BatchNorm>(layer) && source > 0 && folded[static_cast<std::size_t>(source)] == id) {
      place[static_cast<std::size_t>(id)] = place[static_cast<std::size_t>(source)];
      continue;
    }
    const NodeId reader = only_reader(spec, id);
    const bool foldable = std::holds_alternative<Conv2d>(layer) || std::holds_alternative<Dense>(layer);
    if (foldable && reader != 0 && std::holds_alternative<BatchNorm>(spec[reader].layer)) {
      folded[static_cast<std::size_t>(id)] = reader;
      if (auto* conv = std::get_if<Conv2d>(&layer))
        layer = with_bias(*conv);
      else
        layer = with_bias(std::get<Dense>(layer));
    }
    std::array<NodeId, Node::kMaxInputs> inputs{};
    for (int i = 0; i < node.input_count; ++i)
      inputs[static_cast<std::size_t>(i)] = place[static_cast<std::size_t>(node.inputs[static_cast<std::size_t>(i)])];
    place[static_cast<std::size_t>(id)] =
        lean.add(layer, std::span<const NodeId>(inputs.data(), static_cast<std::size_t>(node.input_count)), node.name);
  }

  auto result = BasicNetwork<T>::zeros(lean, network.input_shape());
  for (const ParamInfo& to : result.params()) {
    const std::string layer = to.name.substr(0, to.name.rfind('.'));
    NodeId id = 1;
    while (spec[id].name.view() != layer) ++id;
    const bool is_bias = to.name.ends_with(".bias");
    const bool had_bias = std::visit(
        [](const auto& l) {
          if constexpr (requires { l.bias; })
            return l.bias;
          else
            return true;
        },
        spec[id].layer);
    const std::span<T> values = result.values(to);
    if (!is_bias || had_bias) {
      const auto from = network.values(network.param(to.name));
      std::copy(from.begin(), from.end(), values.begin());
    }
    const NodeId norm = folded[static_cast<std::size_t>(id)];
    if (norm == 0) continue;
    const std::string prefix = spec[norm].name.str();
    const auto scale = network.values(network.param(prefix + ".weight"));
    const auto shift = network.values(network.param(prefix + ".bias"));
    const auto mean = network.values(network.param(prefix + ".running_mean"));
    const auto variance = network.values(network.param(prefix + ".running_var"));
    const T epsilon = T(std::get<BatchNorm>(spec[norm].layer).epsilon);
    std::vector<T> factors(scale.size());
    for (std::size_t c = 0; c < factors.size(); ++c) factors[c] = scale[c] / std::sqrt(variance[c] + epsilon);
    for (std::size_t i = 0; i < values.size(); i += factors.size())
      for (std::size_t c = 0; c < factors.size(); ++c) {
        T& v = values[i + c];
        v = is_bias ? (v - mean[c]) * factors[c] + shift[c] : v * factors[c];
      }
  }
  return result;
}

template class BasicNetwork<float>;
template class BasicNetwork<double>;
template BasicNetwork<float> fold_batch_norm(const BasicNetwork<float>&);
template BasicNetwork<double> fold_batch_norm(const BasicNetwork<double>&);

}  // namespace lineament
