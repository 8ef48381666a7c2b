// expects: a layer needs: static constexpr Traits kTraits
#include "lineament/nn/layers.hpp"

struct Same {
  static constexpr std::string_view kType = "same";
#ifdef FIXED
  static constexpr lineament::Traits kTraits{.light = true};
#else
  static constexpr lineament::Traits Traits{.light = true};
#endif
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr lineament::Shape output_shape(std::span<const lineament::Shape> inputs) const {
    return inputs[0];
  }
  constexpr lineament::ParamSpecs params(std::span<const lineament::Shape>) const {
    return {};
  }
};
using Layers = lineament::detail::LayerList<lineament::ReLU, Same>::Variant;
