// Mean of each channel over the whole picture: Lin et al., "Network in network", ICLR 2014.
#pragma once
#include "lineament/nn/layer.hpp"

namespace lineament {

struct GlobalAvgPool {
  static constexpr std::string_view kType = "global_avg_pool";
  static constexpr Traits kTraits{};

  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// {h, w, c} -> {c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (inputs[0].rank() != 3) shape_error("height x width x channels", inputs[0]);
    return {inputs[0][2]};
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    f.output.rows() = f.input().nhwc().mean(std::array<int, 2>{1, 2});
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    const Shape& in = b.input().shape;
    const std::array<Eigen::Index, 4> pixel{b.input().batch, 1, 1, in[2]}, area{1, in[0], in[1], 1};
    b.input_gradient().nhwc() =
        b.output_gradient.rows().reshape(pixel).broadcast(area) * (T(1) / static_cast<T>(in[0] * in[1]));
  }
};

}  // namespace lineament
