// Batch normalisation over batch and pixels: Ioffe & Szegedy, ICML 2015.
#pragma once
#include <cmath>

#include "lineament/kernels/batch_norm.hpp"
#include "lineament/layers/kernel.hpp"

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
  std::size_t saved_bytes(const KernelShapes& s) const {
    return s.mode == Mode::train ? 2 * sizeof(T) * static_cast<std::size_t>(s.output.channels()) : 0;
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

template <std::same_as<float> T>
struct Kernels<BatchNorm, T> {
  static BatchNormGeometry geometry(const BatchNorm& n, const Shape& x, int batch, const Epilogue& e) {
    return {batch,  x.height(), x.width(), x.channels(), static_cast<float>(n.momentum), static_cast<float>(n.epsilon),
            e.relu, e.max_pool};
  }
  static bool can_pool(const Shape& x) { return x.height() % 2 == 0 && x.width() % 2 == 0; }

  static constexpr Kernel<BatchNorm, float> list[] = {
      {.name = "two pass",
       .fuses = [](const BatchNorm&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::train && (!e.max_pool || can_pool(s.output)); },
       .saved_bytes = [](const BatchNorm& n, const KernelShapes& s) -> std::size_t {
         return s.mode == Mode::train ? sizeof(float) * batch_norm_saved(geometry(n, s.output, s.batch, {})) : 0;
       },
       .scratch_size =
           [](const BatchNorm& n, const KernelShapes& s) {
             return batch_norm_scratch(geometry(n, s.output, s.batch, {.max_pool = can_pool(s.output)}));
           },
       .norm_factors =
           [](std::span<const std::byte> saved, std::span<const std::span<const float>> params, const Epilogue& e) {
             return lineament::norm_factors(reinterpret_cast<const float*>(saved.data()), params[1].data(),
                                            params[1].size(), e.relu);
           },
       .gradient_over_input = true,
       .forward =
           [](const BatchNorm& n, const Forward<float>& f) {
             const BatchNormGeometry g = geometry(n, f.input().shape, f.input().batch, f.epilogue);
             if (f.mode == Mode::infer) {
               batch_norm_infer(g, f.input().data, f.params[0].data(), f.params[1].data(), f.params[2].data(),
                                f.params[3].data(), f.output.data, f.scratch.data(), *f.threads);
             } else {
               batch_norm_forward(g, f.input().data, f.norm_blocks, f.params[0].data(), f.params[1].data(),
                                  f.statistics[2].data(), f.statistics[3].data(),
                                  reinterpret_cast<float*>(f.saved.data()), f.deferred ? nullptr : f.output.data,
                                  f.scratch.data(), *f.threads);
             }
           },
       .backward =
           [](const BatchNorm& n, const Backward<float>& b) {
             batch_norm_backward(geometry(n, b.input().shape, b.input().batch, b.epilogue), b.input().data,
                                 b.norm_blocks, b.params[1].data(), reinterpret_cast<float*>(b.saved.data()),
                                 b.output_gradient.data, b.deferred ? nullptr : b.input_gradient().data,
                                 b.param_gradients[0].data(), b.param_gradients[1].data(), b.scratch.data(),
                                 *b.threads);
           }},
      reference_kernel<BatchNorm, float>(),
  };
};

}  // namespace lineament
