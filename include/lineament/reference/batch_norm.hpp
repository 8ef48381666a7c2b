// Batch normalisation over batch and pixels.
#pragma once
#include <algorithm>

#include "lineament/api.hpp"
#include "lineament/nn/layers/batch_norm.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<BatchNorm> {
  template <class T>
  static void forward(const BatchNorm& norm, const Forward<T>& f) {
    const auto x = pixels(f.input());
    const Eigen::Index count = x.dimension(0), channels = x.dimension(1);
    Tensor<T, 1> mean = as_tensor(f.params[2], channels), variance = as_tensor(f.params[3], channels);
    if (f.mode == Mode::train) {
      mean = x.mean(first_axis());
      variance = (x - repeated(mean, count)).square().mean(first_axis());
      auto running_mean = as_tensor(f.statistics[2], channels), running_var = as_tensor(f.statistics[3], channels);
      const T unbiased = count > 1 ? static_cast<T>(count) / static_cast<T>(count - 1) : T(1);
      running_mean += (mean - running_mean) * T(norm.momentum);
      running_var += (variance * unbiased - running_var) * T(norm.momentum);
    }
    const Tensor<T, 1> inverse = (variance + T(norm.epsilon)).sqrt().inverse();
    if (f.mode == Mode::train) {
      T* kept = reinterpret_cast<T*>(f.saved.data());
      std::copy_n(mean.data(), channels, kept);
      std::copy_n(inverse.data(), channels, kept + channels);
    }
    const Tensor<T, 1> scale = inverse * as_tensor(f.params[0], channels);
    const Tensor<T, 1> shift = as_tensor(f.params[1], channels) - mean * scale;
    pixels(f.output) = x * repeated(scale, count) + repeated(shift, count);
  }

  template <class T>
  static void backward(const BatchNorm&, const Backward<T>& b) {
    const auto x = pixels(b.input());
    const auto dy = pixels(b.output_gradient);
    const Eigen::Index count = x.dimension(0), channels = x.dimension(1);
    const T* kept = reinterpret_cast<const T*>(b.saved.data());
    const Tensor<T, 1> mean = TensorView<const T, 1>(kept, channels);
    const Tensor<T, 1> inverse = TensorView<const T, 1>(kept + channels, channels);
    const Tensor<T, 2> normal = (x - repeated(mean, count)) * repeated(inverse, count);
    const Tensor<T, 1> dscale = (dy * normal).sum(first_axis());
    const Tensor<T, 1> dshift = dy.sum(first_axis());
    as_tensor(b.param_gradients[0], channels) += dscale;
    as_tensor(b.param_gradients[1], channels) += dshift;
    if (b.input_gradient().data == nullptr) return;
    const T n = T(1) / static_cast<T>(count);
    const Tensor<T, 1> scale = inverse * as_tensor(b.params[0], channels);
    const Tensor<T, 1> mean_shift = dshift * n, mean_scale = dscale * n;
    pixels(b.input_gradient()) =
        (dy - repeated(mean_shift, count) - normal * repeated(mean_scale, count)) * repeated(scale, count);
  }

 private:
  static std::array<int, 1> first_axis() { return {0}; }
  template <class T>
  static Tensor<T, 2> repeated(const Tensor<T, 1>& v, Eigen::Index count) {
    return for_each_pixel(std::span<const T>(v.data(), static_cast<std::size_t>(v.size())), count);
  }
};

}  // namespace lineament
