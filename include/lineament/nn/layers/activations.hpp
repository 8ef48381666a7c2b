// Activations without options and parameters: each value by itself, the same shape out as in.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

/// max(0, x): Nair & Hinton, ICML 2010. The derivative at 0 is 0.
struct ReLU {
  static constexpr std::string_view kType = "relu";
  static constexpr Traits kTraits{.backward_reads_output = true,
                                  .forward_in_place = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

/// x * sigmoid(x), also called swish: Elfwing et al. 2017; Ramachandran et al. 2017.
struct SiLU {
  static constexpr std::string_view kType = "silu";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .backward_in_place = true, .per_image = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

/// x * clamp(x + 3, 0, 6) / 6: Howard et al., "Searching for MobileNetV3", ICCV 2019.
struct HardSwish {
  static constexpr std::string_view kType = "hard_swish";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .backward_in_place = true, .per_image = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

/// 1 / (1 + exp(-x)).
struct Sigmoid {
  static constexpr std::string_view kType = "sigmoid";
  static constexpr Traits kTraits{.backward_reads_output = true,
                                  .forward_in_place = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

/// The hyperbolic tangent.
struct Tanh {
  static constexpr std::string_view kType = "tanh";
  static constexpr Traits kTraits{.backward_reads_output = true,
                                  .forward_in_place = true,
                                  .backward_in_place = true,
                                  .per_image = true,
                                  .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
