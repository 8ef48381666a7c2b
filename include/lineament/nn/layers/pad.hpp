// Zeros around an image, a number of its own for each side.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Pad {
  static constexpr std::string_view kType = "pad";
  static constexpr Traits kTraits{.per_image = true, .light = true};

  int top = 0, bottom = 0, left = 0, right = 0;  ///< pixels

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("top", self.top);
    visit("bottom", self.bottom);
    visit("left", self.left);
    visit("right", self.right);
  }
  /// {h, w, c} -> {top + h + bottom, left + w + right, c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    require_at_least("top", top, 0);
    require_at_least("bottom", bottom, 0);
    require_at_least("left", left, 0);
    require_at_least("right", right, 0);
    if (inputs[0].rank() != 3) shape_error("height x width x channels", inputs[0]);
    return {size_of_output(0LL + top + inputs[0][0] + bottom), size_of_output(0LL + left + inputs[0][1] + right),
            inputs[0][2]};
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
