// A further input of a network, beside the first one.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

/// Holds what the caller puts in: `Spec::add_input` adds one. It computes nothing.
struct Input {
  static constexpr std::string_view kType = "input";
  static constexpr Traits kTraits{.inputs = 0, .per_image = true, .light = true};

  Shape shape{1};  ///< of one sample

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("shape", self.shape);
  }
  constexpr Shape output_shape(std::span<const Shape>) const {
    require_sizes(shape);
    return shape;
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
