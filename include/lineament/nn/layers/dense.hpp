// Fully connected layer: y = x W + b.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Dense {
  static constexpr std::string_view kType = "dense";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .quantisable = true, .foldable = true, .per_image = true};

  int features = 1;  ///< of the output
  bool bias = true;
  bool starts_at_zero = false;  ///< the weights, not drawn: for what is added to something that is right without it

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("features", self.features);
    visit("bias", self.bias);
    // Written only where it says something: files of other networks stay as earlier versions read them.
    if (std::is_const_v<Self> && !self.starts_at_zero) return;
    visit("starts_at_zero", self.starts_at_zero);
  }

  /// {n} -> {features}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (features < 1) option_error("features", "1 or more", features);
    if (inputs[0].rank() != 1) shape_error("a vector (put a flatten before it)", inputs[0]);
    require_countable({inputs[0][0], features});  // weights
    return {features};
  }

  /// weight {n, features}, bias {features}.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const int in = inputs[0][0];
    ParamSpecs list{{.name = "weight",
                     .shape = {in, features},
                     .init = starts_at_zero ? Init::zero : Init::weight,
                     .decay = true,
                     .fan_in = in,
                     .fan_out = features}};
    if (bias) list.push({.name = "bias", .shape = {features}});
    return list;
  }

  constexpr std::size_t multiply_adds(std::span<const Shape> inputs) const {
    return inputs[0].size() * static_cast<std::size_t>(features);
  }
};

}  // namespace lineament
