// Batch normalisation over batch and pixels: Ioffe & Szegedy, ICML 2015.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct BatchNorm {
  static constexpr std::string_view kType = "batch_norm";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .backward_in_place = true, .saves = true, .per_image = true, .light = true};

  double momentum = 0.1;  ///< share of the newest batch in the running statistics
  double epsilon = 1e-5;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("momentum", self.momentum);
    visit("epsilon", self.epsilon);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (!(momentum >= 0 && momentum <= 1)) option_error("momentum", "0 to 1", momentum);
    if (!(epsilon >= 0 && epsilon <= 1)) option_error("epsilon", "0 to 1", epsilon);
    return same_shape(inputs);
  }

  /// weight, bias (scale and shift), running_mean, running_var, each {channels}. The running variance is the unbiased
  /// one.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const Shape shape{inputs[0].channels()};
    return {{.name = "weight", .shape = shape, .init = Init::one},
            {.name = "bias", .shape = shape},
            {.name = "running_mean", .shape = shape, .trainable = false},
            {.name = "running_var", .shape = shape, .init = Init::one, .trainable = false}};
  }

  /// Mean and 1 / standard deviation of the batch.
  constexpr std::size_t saved_bytes(std::span<const Shape> inputs, int, std::size_t scalar) const {
    return 2 * scalar * static_cast<std::size_t>(inputs[0].channels());
  }
};

}  // namespace lineament
