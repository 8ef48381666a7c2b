// Inputs side by side along their channels.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/concat.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Concat> {
  template <class T>
  static void forward(const Concat&, const Forward<T>& f) {
    each_part(f.output, f.inputs, [&](auto part, std::size_t i) { part = pixels(f.inputs[i]); });
  }
  template <class T>
  static void backward(const Concat&, const Backward<T>& b) {
    each_part(b.output_gradient, b.inputs, [&](const auto& part, std::size_t i) {
      if (b.input_gradients[i].data != nullptr) pixels(b.input_gradients[i]) = part;
    });
  }

 private:
  template <class T, class U, class F>
  static void each_part(const View<T>& whole, std::span<const View<U>> inputs, F&& f) {
    auto all = pixels(whole);
    Eigen::Index begin = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Eigen::Index channels = inputs[i].shape.channels();
      f(all.slice(std::array<Eigen::Index, 2>{0, begin}, std::array<Eigen::Index, 2>{all.dimension(0), channels}), i);
      begin += channels;
    }
  }
};

}  // namespace lineament
