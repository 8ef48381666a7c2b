// ReLU with a small slope for negative values.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/leaky_relu.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<LeakyReLU> {
  template <class T>
  static void forward(const LeakyReLU& layer, const Forward<T>& f) {
    const auto x = elements(f.input());
    elements(f.output) = (x > x.constant(T(0))).select(x, x * T(layer.slope));
  }
  template <class T>
  static void backward(const LeakyReLU& layer, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto y = elements(b.output);
    const auto dy = elements(b.output_gradient);
    elements(b.input_gradient()) = (y > y.constant(T(0))).select(dy, dy * T(layer.slope));
  }
};

}  // namespace lineament
