// Enlarges an image by a whole factor.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

enum class Interpolation {
  nearest,   ///< each pixel becomes a square of `factor` x `factor`
  bilinear,  ///< between the four pixels around it; corners are not aligned: pixel i lies at i + 0.5 of the input's
             ///< size
};

struct Upsample {
  static constexpr std::string_view kType = "upsample";
  static constexpr Traits kTraits{.per_image = true, .light = true};

  int factor = 2;
  Interpolation mode = Interpolation::nearest;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("factor", self.factor);
    visit("mode", self.mode);
  }
  /// {h, w, c} -> {h * factor, w * factor, c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    require_at_least("factor", factor, 1);
    if (inputs[0].rank() != 3) shape_error("height x width x channels", inputs[0]);
    const int most = std::numeric_limits<int>::max() / factor;
    if (inputs[0][0] > most || inputs[0][1] > most) option_error("factor", "a smaller one for this input", factor);
    return {inputs[0][0] * factor, inputs[0][1] * factor, inputs[0][2]};
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
