// How the named networks are put together.
#pragma once
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/nn/spec.hpp"

namespace LINEAMENT_API lineament {

namespace detail {

/// What follows a convolution and its norm.
enum class Activation { none, relu, hard_swish };

/// Layers added one after the other, each kind numbered on its own: conv1, norm1, relu1, conv2, … With `norms` every
/// convolution is followed by a batch norm, and has no bias, which would have no effect there.
class Stack {
 public:
  constexpr Stack(Spec& spec, bool norms) : spec_(spec), norms_(norms) {}

  constexpr NodeId at() const { return at_; }
  constexpr void go_to(NodeId id) { at_ = id; }

  constexpr void conv(Conv2d layer, Activation activation = Activation::relu) {
    layer.bias = !norms_;
    add(layer, "conv");
    norm_and(activation);
  }
  constexpr void dense(int features) {
    add(Dense{.features = features, .bias = !norms_}, "dense");
    norm_and(Activation::relu);
  }
  constexpr void add(const Layer& layer, std::string_view kind) { at_ = spec_.add(layer, at_, free_name(kind)); }
  /// A layer that also reads what is at `other`, first.
  constexpr void join(const Layer& layer, NodeId other, std::string_view kind) {
    at_ = spec_.add(layer, {other, at_}, free_name(kind));
  }

 private:
  constexpr void norm_and(Activation activation) {
    if (norms_) add(BatchNorm{}, "norm");
    if (activation == Activation::relu) add(ReLU{}, "relu");
    if (activation == Activation::hard_swish) add(HardSwish{}, "swish");
  }
  /// Counted here, and not in the network: a constant expression has a limited number of steps.
  constexpr Name free_name(std::string_view kind) {
    for (Count& count : counts_)
      if (count.kind == kind) return numbered(kind, ++count.layers, "");
    counts_.push({kind, 1});
    return numbered(kind, 1, "");
  }

  struct Count {
    std::string_view kind;
    int layers = 0;
  };

  Spec& spec_;
  bool norms_;
  NodeId at_ = Spec::kInput;
  SmallList<Count, 16> counts_;
};

}  // namespace detail

}  // namespace lineament
