// {h, w, c} -> {h*w*c}, in that order. Costs nothing where input and output can be the same memory.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Flatten {
  static constexpr std::string_view kType = "flatten";
  static constexpr Traits kTraits{.forward_in_place = true,
                                  .forward_keeps_values = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return {static_cast<int>(inputs[0].size())}; }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
