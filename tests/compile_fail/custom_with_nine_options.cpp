// expects: a layer of your own has at most 8 options
#include "lineament/nn/layers.hpp"

struct Many {
  static constexpr std::string_view kType = "many";
  static constexpr lineament::Traits kTraits{.light = true};
  int a = 0;
  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    for (int i = 0; i < 8; ++i) visit("a", self.a);
#ifndef FIXED
    visit("a", self.a);
#endif
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
const lineament::Custom layer = lineament::custom(Many{});
