// An input of a network: nothing to compute, the values are where the caller puts them.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/input.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Input> {
  template <class T>
  static void forward(const Input&, const Forward<T>&) {}
  template <class T>
  static void backward(const Input&, const Backward<T>&) {}
};

}  // namespace lineament
