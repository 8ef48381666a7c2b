// ReLU with a small slope for negative values: Maas, Hannun & Ng, "Rectifier nonlinearities improve neural network
// acoustic models", ICML 2013.
#pragma once
#include <limits>

#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

/// x for x > 0, otherwise slope * x. The derivative at 0 is the slope.
struct LeakyReLU {
  static constexpr std::string_view kType = "leaky_relu";
  static constexpr Traits kTraits{.backward_reads_output = true,
                                  .forward_in_place = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};

  double slope = 0.01;  ///< 0 or more, so that the output has the input's sign

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("slope", self.slope);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (!(slope >= 0 && slope < std::numeric_limits<double>::infinity())) option_error("slope", "0 or more", slope);
    return same_shape(inputs);
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
