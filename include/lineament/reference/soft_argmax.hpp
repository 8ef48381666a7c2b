// Mean positions under the softmax of heat maps, an image at a time.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/soft_argmax.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<SoftArgmax> {
  template <class T>
  static void forward(const SoftArgmax&, const Forward<T>& f) {
    const Tensor<T, 2> grid = centres<T>(f.input().shape);
    for (int image = 0; image < f.input().batch; ++image) {
      const Tensor<T, 2> p = probabilities(maps(f.input(), image), f.params[0][0]);
      points(f.output, image) = p.contract(grid, over(0, 0));
    }
  }

  /// With p the softmax of t * x: dy/dx = t * p * (position - y), dy/dt = sum of p * x * (position - y).
  template <class T>
  static void backward(const SoftArgmax&, const Backward<T>& b) {
    const Tensor<T, 2> grid = centres<T>(b.input().shape);
    for (int image = 0; image < b.input().batch; ++image) {
      const auto x = maps(b.input(), image);
      const auto y = points(b.output, image), dy = points(b.output_gradient, image);
      const Tensor<T, 2> p = probabilities(x, b.params[0][0]);
      const Tensor<T, 1> at_mean = (dy * y).sum(std::array<int, 1>{1});
      const Tensor<T, 2> gradient =
          p * (grid.contract(dy, over(1, 1)) - for_each_pixel(as_span(at_mean), x.dimension(0)));
      const Tensor<T, 0> with_temperature = (gradient * x).sum();
      b.param_gradients[0][0] += with_temperature();
      if (b.input_gradient().data != nullptr) maps(b.input_gradient(), image) = gradient * b.params[0][0];
    }
  }

 private:
  /// {pixels, points} of one image.
  template <class T>
  static TensorView<T, 2> maps(const View<T>& v, int image) {
    const auto size = static_cast<Eigen::Index>(v.shape.size());
    return {v.data + image * size, size / v.shape[2], Eigen::Index{v.shape[2]}};
  }
  /// {points, 2} of one image.
  template <class T>
  static TensorView<T, 2> points(const View<T>& v, int image) {
    const auto size = static_cast<Eigen::Index>(v.shape.size());
    return {v.data + image * size, size / 2, Eigen::Index{2}};
  }
  /// {pixels, 2}: x and y of each pixel's centre, in [0, 1].
  template <class T>
  static Tensor<T, 2> centres(const Shape& in) {
    Tensor<T, 2> grid(in[0] * in[1], 2);
    for (int pixel = 0; pixel < in[0] * in[1]; ++pixel) {
      grid(pixel, 0) = (static_cast<T>(pixel % in[1]) + T(0.5)) / static_cast<T>(in[1]);
      grid(pixel, 1) = (static_cast<T>(pixel / in[1]) + T(0.5)) / static_cast<T>(in[0]);
    }
    return grid;
  }
  /// The softmax over pixels; the largest exponent is 0, so that none overflows.
  template <class T, class X>
  static Tensor<T, 2> probabilities(const X& x, T temperature) {
    const Tensor<T, 2> z = x * temperature;
    const Tensor<T, 1> largest = z.maximum(std::array<int, 1>{0});
    const Tensor<T, 2> e = (z - for_each_pixel(as_span(largest), z.dimension(0))).exp();
    const Tensor<T, 1> sum = e.sum(std::array<int, 1>{0});
    return e / for_each_pixel(as_span(sum), z.dimension(0));
  }
  template <class T>
  static std::span<const T> as_span(const Tensor<T, 1>& v) {
    return {v.data(), static_cast<std::size_t>(v.size())};
  }
  static std::array<Eigen::IndexPair<int>, 1> over(int i, int j) { return {Eigen::IndexPair<int>(i, j)}; }
};

}  // namespace lineament
