// Activations without parameters. Each says its function and derivative once, as an Eigen expression and, through
// kernels/elementwise.hpp, as a fast float kernel.
#pragma once
#include "lineament/nn/layer.hpp"

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

}  // namespace lineament
