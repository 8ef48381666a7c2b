// A layer of a user's own computes as its struct says.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/custom.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Custom> {
  template <class T>
  static void forward(const Custom& layer, const Forward<T>& f) {
    layer.forward(f);
  }
  template <class T>
  static void backward(const Custom& layer, const Backward<T>& b) {
    layer.backward(b);
  }
};

}  // namespace lineament
