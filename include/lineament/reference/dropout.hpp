// Zeroes a share of the values in training and scales the others up.
#pragma once
#include <algorithm>
#include <array>

#include "lineament/api.hpp"
#include "lineament/nn/layers/dropout.hpp"
#include "lineament/random.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Dropout> {
  template <class T>
  static void forward(const Dropout& dropout, const Forward<T>& f) {
    if (f.mode == Mode::train) {
      apply(dropout.rate, f.input(), f.output, f.seed);
    } else if (f.output.data != f.input().data) {
      elements(f.output) = elements(f.input());
    }
  }
  template <class T>
  static void backward(const Dropout& dropout, const Backward<T>& b) {
    if (b.input_gradient().data != nullptr) apply(dropout.rate, b.output_gradient, b.input_gradient(), b.seed);
  }

 private:
  /// The mask is a pure function of the seed, so backward draws it again instead of keeping it.
  template <class T>
  static void apply(float rate, const View<const T>& from, const View<T>& to, std::uint64_t seed) {
    constexpr std::size_t kBlock = 1024;
    std::array<T, kBlock> factor;
    const T kept = T(1) / (T(1) - T(rate));
    for (std::size_t begin = 0; begin < to.size(); begin += kBlock) {
      Random random(seed, begin / kBlock);
      const std::size_t n = std::min(kBlock, to.size() - begin);
      for (std::size_t i = 0; i < n; ++i) factor[i] = random.chance(rate) ? T(0) : kept;
      const auto size = static_cast<Eigen::Index>(n);
      TensorView<T, 1>(to.data + begin, size) =
          TensorView<const T, 1>(from.data + begin, size) * TensorView<const T, 1>(factor.data(), size);
    }
  }
};

}  // namespace lineament
