// ReLU with a learnt slope for negative values, one a channel: He et al., "Delving deep into rectifiers", ICCV 2015.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct PReLU {
  static constexpr std::string_view kType = "prelu";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .backward_in_place = true, .per_image = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  /// weight {channels}: the slopes.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    return {{.name = "weight", .shape = {inputs[0].channels()}, .init = Init::quarter}};
  }
};

}  // namespace lineament
