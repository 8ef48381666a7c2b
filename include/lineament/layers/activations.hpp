// Activations without parameters. Each says its function and derivative once, as an Eigen expression and, through
// kernels/elementwise.hpp, as a fast float kernel.
#pragma once
#include "lineament/kernels/batch_norm.hpp"
#include "lineament/kernels/elementwise.hpp"
#include "lineament/layers/kernel.hpp"

namespace lineament {

/// max(0, x): Nair & Hinton, ICML 2010. The derivative at 0 is 0.
struct ReLU {
  static constexpr std::string_view kType = "relu";
  static constexpr Traits kTraits{.backward_reads_output = true, .forward_in_place = true, .backward_in_place = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  template <class T>
  void forward(const Forward<T>& f) const {
    f.output.vector() = f.input().vector().cwiseMax(T(0));
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    const auto y = b.output.vector();
    const auto dy = b.output_gradient.vector();
    b.input_gradient().vector() = (y > y.constant(T(0))).select(dy, dy.constant(T(0)));
  }
};

/// x * sigmoid(x), also called swish: Elfwing et al. 2017; Ramachandran et al. 2017.
struct SiLU {
  static constexpr std::string_view kType = "silu";
  static constexpr Traits kTraits{.backward_reads_input = true, .backward_in_place = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().vector();
    f.output.vector() = x * x.sigmoid();
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    const auto x = b.input().vector();
    b.input_gradient().vector() =
        b.output_gradient.vector() * x.sigmoid() * (x * (x.constant(T(1)) - x.sigmoid()) + x.constant(T(1)));
  }
};

/// x * clamp(x + 3, 0, 6) / 6: Howard et al., "Searching for MobileNetV3", ICCV 2019.
struct HardSwish {
  static constexpr std::string_view kType = "hard_swish";
  static constexpr Traits kTraits{.backward_reads_input = true, .backward_in_place = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().vector();
    f.output.vector() = x * (x + x.constant(T(3))).cwiseMax(T(0)).cwiseMin(T(6)) * (T(1) / T(6));
  }
  /// Derivative: 0 up to -3, 1 from 3 on, (2x + 3) / 6 between.
  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    const auto x = b.input().vector();
    const auto zero = x.constant(T(0)), one = x.constant(T(1)), three = x.constant(T(3));
    const auto inner = (x * T(2) + three) * (T(1) / T(6));
    const auto slope = (x <= -three).select(zero, (x >= three).select(one, inner));
    b.input_gradient().vector() = b.output_gradient.vector() * slope;
  }
};

/// 1 / (1 + exp(-x)).
struct Sigmoid {
  static constexpr std::string_view kType = "sigmoid";
  static constexpr Traits kTraits{.backward_reads_output = true, .forward_in_place = true, .backward_in_place = true};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}
  constexpr Shape output_shape(std::span<const Shape> inputs) const { return same_shape(inputs); }

  template <class T>
  void forward(const Forward<T>& f) const {
    f.output.vector() = f.input().vector().sigmoid();
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    const auto y = b.output.vector();
    b.input_gradient().vector() = b.output_gradient.vector() * y * (y.constant(T(1)) - y);
  }
};

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
