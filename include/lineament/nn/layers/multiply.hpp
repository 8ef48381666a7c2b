// Product of two inputs: gates, and squeeze-and-excitation (Hu et al., CVPR 2018).
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Multiply {
  static constexpr std::string_view kType = "multiply";
  static constexpr Traits kTraits{.inputs = 2, .backward_reads_input = true, .per_image = true, .light = true};

  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// The first input's shape. The second has the same, or {1, 1, c} or {c}: then each channel of the first is
  /// multiplied by one value, the same for every pixel of an image.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    const Shape &x = inputs[0], &gate = inputs[1];
    if (!(x == gate) && !is_per_channel(inputs))
      shape_error(to_string(x) + ", or a value for each channel", to_string(gate));
    return x;
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }

  static constexpr bool is_per_channel(std::span<const Shape> inputs) {
    const Shape &x = inputs[0], &gate = inputs[1];
    return !(x == gate) && gate.size() == static_cast<std::size_t>(x.channels()) && gate.channels() == x.channels();
  }
};

}  // namespace lineament
