// Inputs side by side along their channels (vectors: one after the other).
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

struct Concat {
  static constexpr std::string_view kType = "concat";
  static constexpr Traits kTraits{.inputs = Traits::kTwoOrMore, .per_image = true, .light = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// {h, w, c1}, {h, w, c2}, … -> {h, w, c1 + c2 + …}; {n1}, {n2}, … -> {n1 + n2 + …}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    const int rank = inputs[0].rank();
    if (rank != 1 && rank != 3) shape_error("vectors, or height x width x channels", inputs[0]);
    long long sum = 0;
    for (const Shape& in : inputs) {
      if (in.rank() != rank || in.height() != inputs[0].height() || in.width() != inputs[0].width())
        shape_error("inputs of one height and width, like " + to_string(inputs[0]), to_string(in));
      sum += in.channels();
    }
    const int channels = size_of_output(sum);
    return rank == 3 ? Shape{inputs[0][0], inputs[0][1], channels} : Shape{channels};
  }
  constexpr ParamSpecs params(std::span<const Shape>) const { return {}; }
};

}  // namespace lineament
