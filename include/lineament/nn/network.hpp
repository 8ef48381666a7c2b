// Network: a Spec with its weights in one flat, aligned buffer. A value: copying copies.
#pragma once
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/buffer.hpp"
#include "lineament/nn/spec.hpp"

namespace LINEAMENT_API lineament {

/// Where one parameter of one layer lies in the flat buffer.
struct ParamInfo {
  std::string name;  ///< "conv1.weight"
  NodeId node = 0;
  Shape shape;
  std::size_t offset = 0, size = 0;
  bool decay = false;
  bool trainable = true;
  Init init = Init::zero;
  int fan_in = 0, fan_out = 0;
};

/// An input or output of a network.
struct Port {
  std::string name;  ///< "input", or that of the layer
  NodeId node = 0;
  Shape shape;  ///< of one sample
};

template <class T>
class BasicNetwork {
 public:
  BasicNetwork() = default;
  /// Weights drawn from `seed`: He et al. 2015 for layers inside, a twentieth of Glorot & Bengio 2010 for those that
  /// output something or whose output only passes through layers without weights, so that the first outputs are near
  /// the bias; biases zero. Throws SpecError if the layers do not fit each other or `input`, or if an input or the
  /// output of a layer is never used.
  BasicNetwork(const Spec& spec, const Shape& input, std::uint64_t seed = 0);
  /// All parameters 0, for what comes from elsewhere: drawing millions of weights takes longer than reading them.
  static BasicNetwork zeros(const Spec& spec, const Shape& input) { return BasicNetwork(spec, input, Zeros{}); }
  /// The same network with another scalar.
  template <class U>
  explicit BasicNetwork(const BasicNetwork<U>& other) : BasicNetwork(other.spec(), other.input_shape(), Zeros{}) {
    for (std::size_t i = 0; i < weights().size(); ++i) weights()[i] = static_cast<T>(other.weights()[i]);
  }

  const Spec& spec() const { return spec_; }
  const Shapes& shapes() const { return shapes_; }
  const Shape& input_shape() const { return shapes_[Spec::kInput]; }
  /// Throws SpecError if there are several outputs.
  const Shape& output_shape() const;
  /// In the order of Spec::inputs() and Spec::outputs().
  const std::vector<Port>& inputs() const { return inputs_; }
  const std::vector<Port>& outputs() const { return outputs_; }

  /// Every parameter, those that are trained first, each in the order of the layers. Offsets are multiples of 16
  /// values.
  const std::vector<ParamInfo>& params() const { return params_; }
  /// Throws ArgumentError if there is none of that name.
  const ParamInfo& param(std::string_view name) const;
  /// A layer's own, in the order of its list.
  std::vector<ParamInfo> params_of(NodeId layer) const;
  std::span<T> values(const ParamInfo& p) { return weights().subspan(p.offset, p.size); }
  std::span<const T> values(const ParamInfo& p) const { return weights().subspan(p.offset, p.size); }

  /// All parameters; the first trainable_size() are what an optimiser changes, the rest are statistics. Of a network
  /// that is not const a call counts as a change, as one of values() does: to read alone, std::as_const(network).
  std::span<T> weights() {
    ++revision_;
    return weights_.span();
  }
  std::span<const T> weights() const { return weights_.span(); }
  /// Another number after every call that gave out weights to be changed: sessions that infer prepare them anew then.
  std::uint64_t revision() const { return revision_; }
  /// For who changed values through a span that was given out before.
  void mark_changed() { ++revision_; }
  std::size_t trainable_size() const { return trainable_size_; }
  /// Number of values that are trained, without the gaps between parameters.
  std::size_t weight_count() const;
  std::size_t multiply_adds() const;

  /// Spec, shapes and names alone: `weights()` is empty.
  BasicNetwork without_weights() const;

  /// Whether the layer that makes an output has a bias of its own, so that `set_output_bias` works.
  bool has_output_bias(std::size_t output = 0) const;
  /// Sets the bias of the layer that makes an output to `values`, e.g. the mean shape of the training set.
  /// Throws SpecError if it has none, ArgumentError for a wrong number of values.
  void set_output_bias(std::span<const float> values, std::size_t output = 0);

 private:
  struct Zeros {};
  BasicNetwork(const Spec& spec, const Shape& input, Zeros);
  void lay_out();
  void initialise(std::uint64_t seed);

  Spec spec_;
  Shapes shapes_;
  std::vector<Port> inputs_, outputs_;
  std::vector<ParamInfo> params_;
  Buffer<T> weights_;
  std::size_t trainable_size_ = 0;
  std::uint64_t revision_ = 0;
};

using Network = BasicNetwork<float>;
extern template class BasicNetwork<float>;
extern template class BasicNetwork<double>;

/// The same function with every batch norm that alone reads a foldable layer (Traits) folded into that layer's weights.
/// For inference only: running statistics become constants. Outputs keep their order; one that a batch norm made has
/// the name of the layer that the norm was folded into.
template <class T>
BasicNetwork<T> fold_batch_norm(const BasicNetwork<T>& network);

}  // namespace lineament
