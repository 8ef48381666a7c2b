// Fully connected layer: y = x W + b.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/dense.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Dense> {
  template <class T>
  static void forward(const Dense& dense, const Forward<T>& f) {
    const auto x = rows(f.input());
    auto y = rows(f.output);
    y = x.contract(as_tensor(f.params[0], x.dimension(1), dense.features), pair(1, 0));
    if (dense.bias) y += for_each_pixel(f.params[1], x.dimension(0));
  }
  template <class T>
  static void backward(const Dense& dense, const Backward<T>& b) {
    const auto x = rows(b.input());
    const auto dy = rows(b.output_gradient);
    const auto w = as_tensor(b.params[0], x.dimension(1), dense.features);
    as_tensor(b.param_gradients[0], x.dimension(1), dense.features) += x.contract(dy, pair(0, 0));
    if (dense.bias) as_tensor(b.param_gradients[1], dense.features) += dy.sum(std::array<int, 1>{0});
    if (b.input_gradient().data != nullptr) rows(b.input_gradient()) = dy.contract(w, pair(1, 1));
  }

 private:
  static std::array<Eigen::IndexPair<int>, 1> pair(int i, int j) { return {Eigen::IndexPair<int>(i, j)}; }
};

}  // namespace lineament
