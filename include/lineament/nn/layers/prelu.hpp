// ReLU with a learnt slope for negative values, one a channel: He et al., "Delving deep into rectifiers", ICCV 2015.
#pragma once
#include "lineament/nn/layer.hpp"

namespace lineament {

struct PReLU {
  static constexpr std::string_view kType = "prelu";
  static constexpr Traits kTraits{.backward_reads_input = true, .backward_in_place = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  /// weight {channels}: the slopes.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    return {{.name = "weight", .shape = {inputs[0].channels()}, .init = Init::quarter}};
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().pixels();
    const auto zero = x.constant(T(0));
    f.output.pixels() = (x > zero).select(x, x * slopes(f.params[0], x.dimension(0)));
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    const auto x = b.input().pixels();
    const auto dy = b.output_gradient.pixels();
    const auto zero = x.constant(T(0));
    as_tensor(b.param_gradients[0], x.dimension(1)) += (x > zero).select(zero, dy * x).sum(std::array<int, 1>{0});
    if (b.input_gradient().data == nullptr) return;
    b.input_gradient().pixels() = (x > zero).select(dy, dy * slopes(b.params[0], x.dimension(0)));
  }

 private:
  template <class T>
  static Tensor<T, 2> slopes(std::span<const T> slope, Eigen::Index pixels) {
    return as_tensor(slope, 1, slope.size()).broadcast(std::array<Eigen::Index, 2>{pixels, 1});
  }
};

}  // namespace lineament
