// Batch normalisation over batch and pixels: Ioffe & Szegedy, ICML 2015.
#pragma once
#include <cmath>

#include "lineament/nn/layer.hpp"

namespace lineament {

struct BatchNorm {
  static constexpr std::string_view kType = "batch_norm";
  static constexpr Traits kTraits{.backward_reads_input = true, .backward_in_place = true};

  double momentum = 0.1;  ///< share of the newest batch in the running statistics
  double epsilon = 1e-5;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("momentum", self.momentum);
    visit("epsilon", self.epsilon);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  /// weight, bias (scale and shift), running_mean, running_var, each {channels}. The running variance is the unbiased
  /// one.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const Shape shape{inputs[0].channels()};
    return {{.name = "weight", .shape = shape, .init = Init::one},
            {.name = "bias", .shape = shape},
            {.name = "running_mean", .shape = shape, .trainable = false},
            {.name = "running_var", .shape = shape, .init = Init::one, .trainable = false}};
  }

  /// Mean and 1 / standard deviation of the batch.
  template <class T>
  std::size_t saved_bytes(const Shape& output, int) const {
    return 2 * sizeof(T) * static_cast<std::size_t>(output.channels());
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().pixels();
    const Eigen::Index pixels = x.dimension(0), channels = x.dimension(1);
    Tensor<T, 1> mean = as_tensor(f.params[2], channels), variance = as_tensor(f.params[3], channels);
    if (f.mode == Mode::train) {
      mean = x.mean(first_axis());
      variance = (x - rows(mean, pixels)).square().mean(first_axis());
      auto running_mean = as_tensor(f.statistics[2], channels), running_var = as_tensor(f.statistics[3], channels);
      const T unbiased = pixels > 1 ? static_cast<T>(pixels) / static_cast<T>(pixels - 1) : T(1);
      running_mean += (mean - running_mean) * T(momentum);
      running_var += (variance * unbiased - running_var) * T(momentum);
    }
    const Tensor<T, 1> inverse = (variance + T(epsilon)).sqrt().inverse();
    if (f.mode == Mode::train) {
      T* kept = reinterpret_cast<T*>(f.saved.data());
      std::copy_n(mean.data(), channels, kept);
      std::copy_n(inverse.data(), channels, kept + channels);
    }
    const Tensor<T, 1> scale = inverse * as_tensor(f.params[0], channels);
    const Tensor<T, 1> shift = as_tensor(f.params[1], channels) - mean * scale;
    f.output.pixels() = x * rows(scale, pixels) + rows(shift, pixels);
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    const auto x = b.input().pixels();
    const auto dy = b.output_gradient.pixels();
    const Eigen::Index pixels = x.dimension(0), channels = x.dimension(1);
    const T* kept = reinterpret_cast<const T*>(b.saved.data());
    const Tensor<T, 1> mean = TensorView<const T, 1>(kept, channels);
    const Tensor<T, 1> inverse = TensorView<const T, 1>(kept + channels, channels);
    const Tensor<T, 2> normal = (x - rows(mean, pixels)) * rows(inverse, pixels);
    const Tensor<T, 1> dscale = (dy * normal).sum(first_axis());
    const Tensor<T, 1> dshift = dy.sum(first_axis());
    as_tensor(b.param_gradients[0], channels) += dscale;
    as_tensor(b.param_gradients[1], channels) += dshift;
    if (b.input_gradient().data == nullptr) return;
    const T n = T(1) / static_cast<T>(pixels);
    const Tensor<T, 1> scale = inverse * as_tensor(b.params[0], channels);
    const Tensor<T, 1> mean_shift = dshift * n, mean_scale = dscale * n;
    b.input_gradient().pixels() =
        (dy - rows(mean_shift, pixels) - normal * rows(mean_scale, pixels)) * rows(scale, pixels);
  }

 private:
  static std::array<int, 1> first_axis() { return {0}; }
  /// A channel vector repeated for every pixel.
  template <class T>
  static Tensor<T, 2> rows(const Tensor<T, 1>& v, Eigen::Index pixels) {
    return v.reshape(std::array<Eigen::Index, 2>{1, v.dimension(0)}).broadcast(std::array<Eigen::Index, 2>{pixels, 1});
  }
};

}  // namespace lineament
