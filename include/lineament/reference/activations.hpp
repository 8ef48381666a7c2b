// Activations without options: each says its function and its derivative once.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/activations.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<ReLU> {
  template <class T>
  static void forward(const ReLU&, const Forward<T>& f) {
    elements(f.output) = elements(f.input()).cwiseMax(T(0));
  }
  template <class T>
  static void backward(const ReLU&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto y = elements(b.output);
    const auto dy = elements(b.output_gradient);
    elements(b.input_gradient()) = (y > y.constant(T(0))).select(dy, dy.constant(T(0)));
  }
};

template <>
struct Reference<SiLU> {
  template <class T>
  static void forward(const SiLU&, const Forward<T>& f) {
    const auto x = elements(f.input());
    elements(f.output) = x * x.sigmoid();
  }
  template <class T>
  static void backward(const SiLU&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto x = elements(b.input());
    // 1 - sigmoid(x) as sigmoid(-x): the difference would lose its digits where x is large.
    elements(b.input_gradient()) = elements(b.output_gradient) * x.sigmoid() * (x * (-x).sigmoid() + x.constant(T(1)));
  }
};

template <>
struct Reference<HardSwish> {
  template <class T>
  static void forward(const HardSwish&, const Forward<T>& f) {
    const auto x = elements(f.input());
    elements(f.output) = x * (x + x.constant(T(3))).cwiseMax(T(0)).cwiseMin(T(6)) * (T(1) / T(6));
  }
  /// Derivative: 0 up to -3, 1 from 3 on, (2x + 3) / 6 between.
  template <class T>
  static void backward(const HardSwish&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto x = elements(b.input());
    const auto zero = x.constant(T(0)), one = x.constant(T(1)), three = x.constant(T(3));
    const auto inner = (x * T(2) + three) * (T(1) / T(6));
    const auto slope = (x <= -three).select(zero, (x >= three).select(one, inner));
    elements(b.input_gradient()) = elements(b.output_gradient) * slope;
  }
};

template <>
struct Reference<Sigmoid> {
  template <class T>
  static void forward(const Sigmoid&, const Forward<T>& f) {
    elements(f.output) = elements(f.input()).sigmoid();
  }
  template <class T>
  static void backward(const Sigmoid&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto y = elements(b.output);
    elements(b.input_gradient()) = elements(b.output_gradient) * y * (y.constant(T(1)) - y);
  }
};

template <>
struct Reference<Tanh> {
  template <class T>
  static void forward(const Tanh&, const Forward<T>& f) {
    elements(f.output) = elements(f.input()).tanh();
  }
  template <class T>
  static void backward(const Tanh&, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const auto y = elements(b.output);
    elements(b.input_gradient()) = elements(b.output_gradient) * (y.constant(T(1)) - y * y);
  }
};

}  // namespace lineament
