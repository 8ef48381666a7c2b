#include "lineament/nn/network.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "lineament/random.hpp"

namespace lineament {
namespace {

bool is_read(const Spec& spec, NodeId id) {
  for (NodeId other = id + 1; other <= spec.size(); ++other)
    for (NodeId input : spec[other].inputs)
      if (input == id) return true;
  return false;
}

void check_every_output_is_used(const Spec& spec) {
  if (spec.size() == 0) throw SpecError({"network", "there are no layers", "at least one", "none", "add layers"});
  for (NodeId id = 0; id <= spec.size(); ++id) {
    if (is_read(spec, id) || (id > 0 && spec.is_output(id))) continue;
    const std::string where = id == Spec::kInput ? "the network's input" : describe(spec[id]);
    throw SpecError({where, "its output is never used", "a layer that reads it", "none",
                     "connect it, leave it out, or mark it as an output"});
  }
}

/// Which layers make what the network outputs, but for layers with at most one learnt number (flatten, soft-argmax):
/// 1, by NodeId.
std::vector<char> near_output(const Spec& spec, const Shapes& shapes) {
  std::vector<char> near(static_cast<std::size_t>(spec.size() + 1), 0);
  for (NodeId id = spec.size(); id > 0; --id) {
    bool only_near = true;
    for (NodeId reader = id + 1; reader <= spec.size(); ++reader)
      for (NodeId input : spec[reader].inputs) {
        if (input != id) continue;
        std::size_t learnt = 0;
        for (const ParamSpec& p : params_of(spec[reader].layer, InputShapes(spec[reader], shapes)))
          learnt += p.shape.size();
        only_near = only_near && learnt <= 1 && near[static_cast<std::size_t>(reader)];
      }
    near[static_cast<std::size_t>(id)] = spec.is_output(id) || (only_near && is_read(spec, id));
  }
  return near;
}

}  // namespace

template <class T>
BasicNetwork<T>::BasicNetwork(const Spec& spec, const Shape& input, Zeros)
    : spec_(spec), shapes_(infer_shapes(spec, input)) {
  check_every_output_is_used(spec);
  for (NodeId id : spec.inputs()) inputs_.push_back({std::string(spec.name_of(id)), id, shapes_[id]});
  for (NodeId id : spec.outputs()) outputs_.push_back({std::string(spec.name_of(id)), id, shapes_[id]});
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
  const std::vector<char> small = near_output(spec_, shapes_);
  for (std::size_t i = 0; i < params_.size(); ++i) {
    const ParamInfo& p = params_[i];
    const std::span<T> to = values(p);
    if (p.init == Init::one) std::fill(to.begin(), to.end(), T(1));
    if (p.init == Init::quarter) std::fill(to.begin(), to.end(), T(0.25));
    if (p.init != Init::weight) continue;
    Random random(seed, i);
    if (small[static_cast<std::size_t>(p.node)]) {
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
  bare.inputs_ = inputs_;
  bare.outputs_ = outputs_;
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
  for (NodeId id = 1; id <= spec_.size(); ++id) n += lineament::multiply_adds(spec_[id], shapes_);
  return n;
}

template <class T>
const Shape& BasicNetwork<T>::output_shape() const {
  if (outputs_.size() != 1)
    throw SpecError({"network", "the shape of the one output was asked for", "1 output",
                     std::to_string(outputs_.size()), "ask outputs()"});
  return outputs_[0].shape;
}

namespace {

/// The index of the parameter "bias" of `node`, if it is trained.
std::optional<std::size_t> bias_of(const std::vector<ParamInfo>& params, const std::string& layer) {
  for (std::size_t i = 0; i < params.size(); ++i)
    if (params[i].trainable && params[i].name == layer + ".bias") return i;
  return std::nullopt;
}

}  // namespace

template <class T>
bool BasicNetwork<T>::has_output_bias(std::size_t output) const {
  return output < outputs_.size() && bias_of(params_, outputs_[output].name).has_value();
}

template <class T>
void BasicNetwork<T>::set_output_bias(std::span<const float> bias, std::size_t output) {
  if (output >= outputs_.size())
    throw ArgumentError({"output bias", "there is no such output", "below " + std::to_string(outputs_.size()),
                         std::to_string(output), ""});
  const Port& port = outputs_[output];
  const auto found = bias_of(params_, port.name);
  if (!found)
    throw SpecError({describe(spec_[port.node]), "the output bias cannot be set", "a layer with a bias as the output",
                     "", "end the network with a dense or conv2d"});
  const std::span<T> to = values(params_[*found]);
  if (bias.size() != to.size())
    throw ArgumentError(
        {"output bias", "the number of values is wrong", std::to_string(to.size()), std::to_string(bias.size()), ""});
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(bias[i]);
}

template class BasicNetwork<float>;
template class BasicNetwork<double>;

}  // namespace lineament
