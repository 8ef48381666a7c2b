// expects: a layer either is light (kTraits.light) or needs: constexpr std::size_t multiply_adds(
#include "lineament/nn/layers.hpp"

struct Mixer {
  static constexpr std::string_view kType = "mixer";
  static constexpr lineament::Traits kTraits{};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr lineament::Shape output_shape(std::span<const lineament::Shape> inputs) const { return inputs[0]; }
  constexpr lineament::ParamSpecs params(std::span<const lineament::Shape>) const { return {}; }
#ifdef FIXED
  constexpr std::size_t multiply_adds(std::span<const lineament::Shape> inputs) const {
    return inputs[0].size();
  }
#endif
};
using Layers = lineament::detail::LayerList<lineament::ReLU, Mixer>::Variant;
