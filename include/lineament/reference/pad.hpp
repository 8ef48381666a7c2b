// Zeros around an image.
#pragma once
#include <utility>

#include "lineament/api.hpp"
#include "lineament/nn/layers/pad.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Pad> {
  template <class T>
  static void forward(const Pad& layer, const Forward<T>& f) {
    using Edges = std::pair<Eigen::Index, Eigen::Index>;
    nhwc(f.output) = nhwc(f.input()).pad(
        std::array<Edges, 4>{Edges{0, 0}, Edges{layer.top, layer.bottom}, Edges{layer.left, layer.right}, Edges{0, 0}});
  }
  template <class T>
  static void backward(const Pad& layer, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const std::array<Eigen::Index, 4> start{0, layer.top, layer.left, 0};
    nhwc(b.input_gradient()) = nhwc(b.output_gradient).slice(start, nhwc(b.input_gradient()).dimensions());
  }
};

}  // namespace lineament
