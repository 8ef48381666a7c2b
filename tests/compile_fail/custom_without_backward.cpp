// expects: a layer of your own needs members forward(const Forward<T>&) const and backward(const Backward<T>&)
#include "lineament/nn/layers.hpp"

struct Same {
  static constexpr std::string_view kType = "same";
  static constexpr lineament::Traits kTraits{.light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr lineament::Shape output_shape(std::span<const lineament::Shape> inputs) const { return inputs[0]; }
  constexpr lineament::ParamSpecs params(std::span<const lineament::Shape>) const { return {}; }
  void forward(const auto&) const {}
#ifdef FIXED
  void backward(const auto&) const {}
#else
  void backwards(const auto&) const {}
#endif
};
const lineament::Custom layer = lineament::custom(Same{});
