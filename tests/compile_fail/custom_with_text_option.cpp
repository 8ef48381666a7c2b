// expects: an option of a layer of your own is a bool, int, float or double
#include "lineament/nn/layers.hpp"

struct Named {
  static constexpr std::string_view kType = "named";
  static constexpr lineament::Traits kTraits{.light = true};
#ifdef FIXED
  int text = 0;
#else
  std::string_view text;
#endif
  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("text", self.text);
  }
  constexpr lineament::Shape output_shape(std::span<const lineament::Shape> inputs) const {
    return inputs[0];
  }
  constexpr lineament::ParamSpecs params(std::span<const lineament::Shape>) const {
    return {};
  }
  void forward(const auto&) const {}
  void backward(const auto&) const {}
};
const lineament::Custom layer = lineament::custom(Named{});
