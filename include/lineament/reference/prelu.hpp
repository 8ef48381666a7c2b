// ReLU with a learnt slope for negative values, one a channel.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/prelu.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<PReLU> {
  template <class T>
  static void forward(const PReLU&, const Forward<T>& f) {
    const auto x = pixels(f.input());
    const auto zero = x.constant(T(0));
    pixels(f.output) = (x > zero).select(x, x * for_each_pixel(f.params[0], x.dimension(0)));
  }
  template <class T>
  static void backward(const PReLU&, const Backward<T>& b) {
    const auto x = pixels(b.input());
    const auto dy = pixels(b.output_gradient);
    const auto zero = x.constant(T(0));
    as_tensor(b.param_gradients[0], x.dimension(1)) += (x > zero).select(zero, dy * x).sum(std::array<int, 1>{0});
    if (b.input_gradient().data == nullptr) return;
    pixels(b.input_gradient()) = (x > zero).select(dy, dy * for_each_pixel(b.params[0], x.dimension(0)));
  }
};

}  // namespace lineament
