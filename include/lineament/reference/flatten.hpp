// The same values as a vector.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/flatten.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Flatten> {
  template <class T>
  static void forward(const Flatten&, const Forward<T>& f) {
    if (f.output.data != f.input().data) elements(f.output) = elements(f.input());
  }
  template <class T>
  static void backward(const Flatten&, const Backward<T>& b) {
    const View<T> dx = b.input_gradient();
    if (dx.data != nullptr && dx.data != b.output_gradient.data) elements(dx) = elements(b.output_gradient);
  }
};

}  // namespace lineament
