// Every layer a network may be made of. A new layer is one file in nn/layers, one in reference and a word in this list;
// one that is no part of this library is a `Custom`.
#pragma once
#include <variant>

#include "lineament/api.hpp"
#include "lineament/nn/layers/activations.hpp"
#include "lineament/nn/layers/add.hpp"
#include "lineament/nn/layers/avg_pool.hpp"
#include "lineament/nn/layers/batch_norm.hpp"
#include "lineament/nn/layers/concat.hpp"
#include "lineament/nn/layers/conv2d.hpp"
#include "lineament/nn/layers/custom.hpp"
#include "lineament/nn/layers/dense.hpp"
#include "lineament/nn/layers/dropout.hpp"
#include "lineament/nn/layers/flatten.hpp"
#include "lineament/nn/layers/global_avg_pool.hpp"
#include "lineament/nn/layers/input.hpp"
#include "lineament/nn/layers/leaky_relu.hpp"
#include "lineament/nn/layers/max_pool.hpp"
#include "lineament/nn/layers/multiply.hpp"
#include "lineament/nn/layers/pad.hpp"
#include "lineament/nn/layers/prelu.hpp"
#include "lineament/nn/layers/soft_argmax.hpp"
#include "lineament/nn/layers/softmax.hpp"
#include "lineament/nn/layers/upsample.hpp"

namespace LINEAMENT_API lineament {

namespace detail {

/// Built-in layers are checked here, those in a Custom by `custom`.
template <class... L>
struct LayerList {
  static_assert((CheckedLayer<L>::value && ...));
  using Variant = std::variant<L..., Custom>;
};

}  // namespace detail

using Layer = detail::LayerList<Conv2d, Dense, MaxPool, AvgPool, GlobalAvgPool, ReLU, PReLU, SiLU, HardSwish, Sigmoid,
                                BatchNorm, Dropout, Flatten, Add, Concat, Input, Upsample, SoftArgmax, Multiply,
                                LeakyReLU, Tanh, Softmax, Pad>::Variant;

/// "conv2d"; of a layer of a user's own, its own name.
constexpr std::string_view type_of(const Layer& layer) {
  if (std::holds_alternative<Custom>(layer)) return std::get<Custom>(layer).type();
  return std::visit([](const auto& l) { return l.kType; }, layer);
}
constexpr Traits traits_of(const Layer& layer) {
  return std::visit(
      [](const auto& l) {
        if constexpr (requires { l.traits(); })
          return l.traits();
        else
          return l.kTraits;
      },
      layer);
}
constexpr Shape output_shape(const Layer& layer, std::span<const Shape> inputs) {
  return std::visit([&](const auto& l) { return l.output_shape(inputs); }, layer);
}
constexpr ParamSpecs params_of(const Layer& layer, std::span<const Shape> inputs) {
  return std::visit([&](const auto& l) { return l.params(inputs); }, layer);
}
/// Bytes that the reference keeps from forward to backward, for values of `scalar` bytes.
template <class L>
constexpr std::size_t saved_bytes(const L& layer, std::span<const Shape> inputs, int batch, std::size_t scalar) {
  if constexpr (HasSavedBytes<L>) return layer.saved_bytes(inputs, batch, scalar);
  return 0;
}
/// Multiply-adds of one sample; 0 for light layers.
constexpr std::size_t multiply_adds(const Layer& layer, std::span<const Shape> inputs) {
  return std::visit(
      [&]<class L>(const L& l) -> std::size_t {
        if constexpr (HasMultiplyAdds<L>) return l.multiply_adds(inputs);
        return 0;
      },
      layer);
}

}  // namespace lineament
