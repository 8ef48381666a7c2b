// Probabilities over the channels of each pixel.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/softmax.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Softmax> {
  /// The largest exponent of a pixel is 0, so that none overflows.
  template <class T>
  static void forward(const Softmax&, const Forward<T>& f) {
    const auto x = pixels(f.input());
    const Tensor<T, 1> largest = x.maximum(channels());
    const Tensor<T, 2> e = (x - for_each_channel(largest, x.dimension(1))).exp();
    const Tensor<T, 1> sum = e.sum(channels());
    pixels(f.output) = e / for_each_channel(sum, x.dimension(1));
  }
  template <class T>
  static void backward(const Softmax&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto y = pixels(b.output), dy = pixels(b.output_gradient);
    const Tensor<T, 1> mean = (dy * y).sum(channels());
    pixels(b.input_gradient()) = y * (dy - for_each_channel(mean, y.dimension(1)));
  }

 private:
  static std::array<int, 1> channels() { return {1}; }
  /// One value of each pixel, repeated: {pixels, channels}.
  template <class T>
  static Tensor<T, 2> for_each_channel(const Tensor<T, 1>& v, Eigen::Index channels) {
    return v.reshape(std::array<Eigen::Index, 2>{v.dimension(0), 1})
        .broadcast(std::array<Eigen::Index, 2>{1, channels});
  }
};

}  // namespace lineament
