// expects: kTraits.saves and constexpr std::size_t saved_bytes(
#include "lineament/nn/layers.hpp"

struct Masked {
  static constexpr std::string_view kType = "masked";
  static constexpr lineament::Traits kTraits{.saves = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr lineament::Shape output_shape(std::span<const lineament::Shape> inputs) const { return inputs[0]; }
  constexpr lineament::ParamSpecs params(std::span<const lineament::Shape>) const { return {}; }
#ifdef FIXED
  constexpr std::size_t saved_bytes(std::span<const lineament::Shape> inputs, int, std::size_t) const {
#else
  constexpr std::size_t saved_byte(std::span<const lineament::Shape> inputs, int, std::size_t) const {
#endif
      return inputs[0].size();
}
}
;
using Layers = lineament::detail::LayerList<lineament::ReLU, Masked>::Variant;
