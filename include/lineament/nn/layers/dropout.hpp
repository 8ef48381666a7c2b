// Zeroes a share of the values in training and scales the others up: Srivastava et al., JMLR 2014.
#pragma once
#include "lineament/nn/layer.hpp"
#include "lineament/random.hpp"

namespace lineament {

struct Dropout {
  static constexpr std::string_view kType = "dropout";
  static constexpr Traits kTraits{.forward_in_place = true, .backward_in_place = true};

  float rate = 0.5f;  ///< share of values that is dropped, 0 <= rate < 1

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("rate", self.rate);
  }
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    if (!(rate >= 0 && rate < 1)) option_error("rate", "at least 0 and below 1", rate);
    return same_shape(inputs);
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    if (f.mode == Mode::train) {
      apply(f.input(), f.output, f.seed);
    } else if (f.output.data != f.input().data) {
      f.output.vector() = f.input().vector();
    }
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data != nullptr) apply(b.output_gradient, b.input_gradient(), b.seed);
  }

 private:
  /// The mask is a pure function of the seed, so backward draws it again instead of keeping it.
  template <class T>
  void apply(const View<const T>& from, const View<T>& to, std::uint64_t seed) const {
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
