// Sum of two or more inputs of one shape: the residual connection of He et al., CVPR 2016.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Add {
  static constexpr std::string_view kType = "add";
  static constexpr Traits kTraits{.inputs = Traits::kTwoOrMore, .per_image = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    for (const Shape& in : inputs)
      if (!(in == inputs[0])) shape_error("inputs of one shape, " + to_string(inputs[0]), to_string(in));
    return inputs[0];
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
