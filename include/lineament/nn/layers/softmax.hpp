// Probabilities over the channels of each pixel; of a plain vector, over its values.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

/// exp(x) / sum of exp(x) over the channels: positive, and 1 in sum.
struct Softmax {
  static constexpr std::string_view kType = "softmax";
  static constexpr Traits kTraits{.backward_reads_output = true,
                                  .forward_in_place = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
