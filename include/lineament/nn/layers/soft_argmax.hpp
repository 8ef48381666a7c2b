// Coordinates from heat maps: the mean position under the softmax of each map. Levine et al., "End-to-end training of
// deep visuomotor policies", JMLR 2016; Sun et al., "Integral human pose regression", ECCV 2018.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

/// The centre of pixel i of n is at (i + 0.5) / n, so the coordinates lie in [0, 1]. The softmax is taken of
/// temperature * value: the larger the one learnt temperature, the nearer to the place of the maximum.
struct SoftArgmax {
  static constexpr std::string_view kType = "soft_argmax";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .backward_reads_output = true, .per_image = true, .light = true};

  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// {h, w, k} -> {2 * k}: x0, y0, x1, y1, …
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (inputs[0].rank() != 3) shape_error("heat maps of height x width x points", inputs[0]);
    return {size_of_output(2LL * inputs[0][2])};
  }
  /// temperature {1}.
  constexpr ParamSpecs params(std::span<const Shape>) const {
    return {{.name = "temperature", .shape = {1}, .init = Init::one}};
  }
};

}  // namespace lineament
