// The float kernels of activations, in order of preference.
#pragma once
#include "kernels/batch_norm.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/kernel.hpp"
#include "lineament/nn/layers/activations.hpp"

namespace lineament {

/// The list of an activation whose fast kernel is `A`.
template <class Layer, Activation A>
struct ActivationKernels {
  static constexpr Kernel<Layer, float> list[] = {
      {.name = "elementwise",
       .forward =
           [](const Layer&, const Forward<float>& f) {
             activation_forward(A, f.input().data, f.output.data, f.output.size(), *f.threads);
           },
       .backward =
           [](const Layer&, const Backward<float>& b) {
             if (b.input_gradient().data == nullptr) return;
             const float* kept = Layer::kTraits.backward_reads_output ? b.output.data : b.input().data;
             activation_backward(A, kept, b.output_gradient.data, b.input_gradient().data, b.output.size(), *b.threads);
           }},
      reference_kernel<Layer, float>(),
  };
};
template <std::same_as<float> T>
struct Kernels<ReLU, T> {
  static constexpr auto& elementwise = ActivationKernels<ReLU, Activation::relu>::list[0];
  static ReluPoolGeometry geometry(const View<const float>& x) {
    return {x.batch, x.shape.height(), x.shape.width(), x.shape.channels()};
  }

  static constexpr Kernel<ReLU, float> list[] = {
      {.name = elementwise.name,
       .fuses =
           [](const ReLU&, const KernelShapes& s, const Epilogue& e) {
             return s.mode == Mode::train && e.max_pool && s.output.height() % 2 == 0 && s.output.width() % 2 == 0;
           },
       .gradient_over_input = true,
       .forward =
           [](const ReLU& layer, const Forward<float>& f) {
             if (f.epilogue.max_pool)
               relu_pool_forward(geometry(f.input()), f.input().data, f.output.data, *f.threads);
             else
               elementwise.forward(layer, f);
           },
       .backward =
           [](const ReLU& layer, const Backward<float>& b) {
             if (!b.epilogue.max_pool)
               elementwise.backward(layer, b);
             else if (b.input_gradient().data != nullptr)
               relu_pool_backward(geometry(b.input()), b.input().data, b.output_gradient.data, b.input_gradient().data,
                                  *b.threads);
           }},
      reference_kernel<ReLU, float>(),
  };
};
template <std::same_as<float> T>
struct Kernels<SiLU, T> : ActivationKernels<SiLU, Activation::silu> {};
template <std::same_as<float> T>
struct Kernels<HardSwish, T> : ActivationKernels<HardSwish, Activation::hard_swish> {};
template <std::same_as<float> T>
struct Kernels<Sigmoid, T> : ActivationKernels<Sigmoid, Activation::sigmoid> {};

}  // namespace lineament
