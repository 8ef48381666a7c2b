// Every layer a network may be made of. A new layer is one file and one word in this list.
#pragma once
#include <variant>

#include "lineament/nn/layers/activations.hpp"
#include "lineament/nn/layers/add.hpp"
#include "lineament/nn/layers/avg_pool.hpp"
#include "lineament/nn/layers/batch_norm.hpp"
#include "lineament/nn/layers/concat.hpp"
#include "lineament/nn/layers/conv2d.hpp"
#include "lineament/nn/layers/dense.hpp"
#include "lineament/nn/layers/dropout.hpp"
#include "lineament/nn/layers/flatten.hpp"
#include "lineament/nn/layers/global_avg_pool.hpp"
#include "lineament/nn/layers/max_pool.hpp"
#include "lineament/nn/layers/prelu.hpp"

namespace lineament {

using Layer = std::variant<Conv2d, Dense, MaxPool, AvgPool, GlobalAvgPool, ReLU, PReLU, SiLU, HardSwish, Sigmoid,
                           BatchNorm, Dropout, Flatten, Add, Concat>;

constexpr std::string_view type_of(const Layer& layer) {
  return std::visit([](const auto& l) { return l.kType; }, layer);
}
constexpr Traits traits_of(const Layer& layer) {
  return std::visit([](const auto& l) { return l.kTraits; }, layer);
}
constexpr Shape output_shape(const Layer& layer, std::span<const Shape> inputs) {
  return std::visit([&](const auto& l) { return l.output_shape(inputs); }, layer);
}
constexpr ParamSpecs params_of(const Layer& layer, std::span<const Shape> inputs) {
  return std::visit(
      [&](const auto& l) {
        if constexpr (requires { l.params(inputs); }) {
          return l.params(inputs);
        } else {
          return ParamSpecs{};
        }
      },
      layer);
}

}  // namespace lineament
