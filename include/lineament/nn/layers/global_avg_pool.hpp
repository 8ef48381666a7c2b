// Mean of each channel over the whole image: Lin et al., "Network in network", ICLR 2014.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct GlobalAvgPool {
  static constexpr std::string_view kType = "global_avg_pool";
  static constexpr Traits kTraits{.per_image = true, .light = true};

  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// {h, w, c} -> {c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (inputs[0].rank() != 3) shape_error("height x width x channels", inputs[0]);
    return {inputs[0][2]};
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
