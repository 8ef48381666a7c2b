// Mean of each channel over the whole image.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/global_avg_pool.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<GlobalAvgPool> {
  template <class T>
  static void forward(const GlobalAvgPool&, const Forward<T>& f) {
    rows(f.output) = nhwc(f.input()).mean(std::array<int, 2>{1, 2});
  }
  template <class T>
  static void backward(const GlobalAvgPool&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const Shape& in = b.input().shape;
    const std::array<Eigen::Index, 4> pixel{b.input().batch, 1, 1, in[2]}, area{1, in[0], in[1], 1};
    nhwc(b.input_gradient()) =
        rows(b.output_gradient).reshape(pixel).broadcast(area) * (T(1) / static_cast<T>(in[0] * in[1]));
  }
};

}  // namespace lineament
