// Maximum over square windows.
#pragma once
#include <limits>

#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"

namespace lineament {

struct MaxPool {
  static constexpr std::string_view kType = "max_pool";
  static constexpr Traits kTraits{};

  int kernel = 2;  ///< side of the window, at most 15
  int stride = 2;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("kernel", self.kernel);
    visit("stride", self.stride);
  }

  constexpr PoolGeometry geometry(const Shape& in, int batch) const {
    return {batch, in[0], in[1], in[2], (in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, kernel, stride};
  }

  /// {h, w, c} -> {(h - kernel) / stride + 1, …, c}: windows that would leave the picture are left out.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    return pool_shape(inputs[0], kernel, stride, 15);
  }
  static constexpr Shape pool_shape(const Shape& in, int kernel, int stride, int largest) {
    if (kernel < 1 || kernel > largest) option_error("kernel", "1 or more (a max_pool at most 15)", kernel);
    require_at_least("stride", stride, 1);
    if (in.rank() != 3) shape_error("height x width x channels", in);
    if (in[0] < kernel || in[1] < kernel) shape_error("at least as large as the window", in);
    return {(in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, in[2]};
  }

  /// One byte an output value: which position of the window held the maximum (the first one of equals).
  template <class T>
  std::size_t saved_bytes(const Shape& output, int batch) const {
    return output.size() * static_cast<std::size_t>(batch);
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().nhwc();
    auto y = f.output.nhwc();
    y.setConstant(-std::numeric_limits<T>::infinity());
    Tensor<std::uint8_t, 4> mask(y.dimensions());
    mask.setZero();
    for (int tap = 0; tap < kernel * kernel; ++tap) {
      const Tensor<T, 4> seen = x.stridedSlice(start(tap), stop(tap, f.output), step());
      const Tensor<bool, 4> larger = seen > y;
      mask = larger.select(mask.constant(static_cast<std::uint8_t>(tap)), mask).eval();
      y = larger.select(seen, y).eval();
    }
    std::copy_n(mask.data(), f.saved.size(), reinterpret_cast<std::uint8_t*>(f.saved.data()));
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    auto dx = b.input_gradient().nhwc();
    const auto dy = b.output_gradient.nhwc();
    const TensorView<const std::uint8_t, 4> mask(reinterpret_cast<const std::uint8_t*>(b.saved.data()),
                                                 dy.dimensions());
    dx.setZero();
    for (int tap = 0; tap < kernel * kernel; ++tap) {
      const auto held = mask.unaryExpr([tap](std::uint8_t position) { return position == tap; });
      const Tensor<T, 4> share = held.select(dy, dy.constant(T(0)));
      dx.stridedSlice(start(tap), stop(tap, b.output), step()) += share;
    }
  }

 private:
  using Index4 = std::array<Eigen::Index, 4>;
  Index4 start(int tap) const { return {0, tap / kernel, tap % kernel, 0}; }
  template <class T>
  Index4 stop(int tap, const View<T>& out) const {
    return {out.batch, tap / kernel + (out.shape[0] - 1) * stride + 1, tap % kernel + (out.shape[1] - 1) * stride + 1,
            out.shape[2]};
  }
  Index4 step() const { return {1, stride, stride, 1}; }
};

}  // namespace lineament
