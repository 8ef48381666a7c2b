// Inputs side by side along their channels (vectors: one after the other).
#pragma once
#include "lineament/nn/layer.hpp"

namespace lineament {

struct Concat {
  static constexpr std::string_view kType = "concat";
  static constexpr Traits kTraits{.inputs = -1};
  template <class Self, class V>
  static constexpr void fields(Self&, V&&) {}

  /// {h, w, c1}, {h, w, c2}, … -> {h, w, c1 + c2 + …}; {n1}, {n2}, … -> {n1 + n2 + …}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    int channels = 0;
    for (const Shape& in : inputs) {
      if (in.rank() != inputs[0].rank() || in.height() != inputs[0].height() || in.width() != inputs[0].width())
        shape_error("inputs of one height and width, like " + to_string(inputs[0]), to_string(in));
      channels += in.channels();
    }
    return inputs[0].rank() == 3 ? Shape{inputs[0][0], inputs[0][1], channels} : Shape{channels};
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    each_part(f.output, f.inputs, [&](auto part, std::size_t i) { part = f.inputs[i].pixels(); });
  }
  template <class T>
  void backward(const Backward<T>& b) const {
    each_part(b.output_gradient, b.inputs, [&](const auto& part, std::size_t i) {
      if (b.input_gradients[i].data != nullptr) b.input_gradients[i].pixels() = part;
    });
  }

 private:
  template <class T, class U, class F>
  static void each_part(const View<T>& whole, std::span<const View<U>> inputs, F&& f) {
    auto pixels = whole.pixels();
    Eigen::Index begin = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Eigen::Index channels = inputs[i].shape.channels();
      f(pixels.slice(std::array<Eigen::Index, 2>{0, begin}, std::array<Eigen::Index, 2>{pixels.dimension(0), channels}),
        i);
      begin += channels;
    }
  }
};

}  // namespace lineament
