// Zeroes a share of the values in training and scales the others up: Srivastava et al., JMLR 2014.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Dropout {
  static constexpr std::string_view kType = "dropout";
  static constexpr Traits kTraits{
      .forward_in_place = true, .backward_in_place = true, .per_image = true, .light = true};

  float rate = 0.5f;  ///< share of values that is dropped, 0 <= rate < 1

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("rate", self.rate);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (!(rate >= 0 && rate < 1)) option_error("rate", "at least 0 and below 1", rate);
    return same_shape(inputs);
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
