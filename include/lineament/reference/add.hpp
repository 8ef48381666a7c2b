// Sum of inputs.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/add.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Add> {
  template <class T>
  static void forward(const Add&, const Forward<T>& f) {
    auto y = elements(f.output);
    y = elements(f.inputs[0]) + elements(f.inputs[1]);
    for (std::size_t i = 2; i < f.inputs.size(); ++i) y += elements(f.inputs[i]);
  }
  template <class T>
  static void backward(const Add&, const Backward<T>& b) {
    for (const View<T>& dx : b.input_gradients)
      if (dx.data != nullptr) elements(dx) = elements(b.output_gradient);
  }
};

}  // namespace lineament
