// Mean over square windows.
#pragma once
#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"
#include "lineament/nn/layers/max_pool.hpp"

namespace lineament {

struct AvgPool {
  static constexpr std::string_view kType = "avg_pool";
  static constexpr Traits kTraits{};

  int kernel = 2;
  int stride = 2;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("kernel", self.kernel);
    visit("stride", self.stride);
  }

  constexpr PoolGeometry geometry(const Shape& in, int batch) const {
    return {batch, in[0], in[1], in[2], (in[0] - kernel) / stride + 1, (in[1] - kernel) / stride + 1, kernel, stride};
  }

  /// {h, w, c} -> {(h - kernel) / stride + 1, …, c}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    return MaxPool::pool_shape(inputs[0], kernel, stride, 1 << 15);
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().nhwc();
    auto y = f.output.nhwc();
    y.setZero();
    for (int tap = 0; tap < kernel * kernel; ++tap) y += x.stridedSlice(start(tap), stop(tap, f.output), step());
    y = y * (T(1) / T(kernel * kernel));
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    if (b.input_gradient().data == nullptr) return;
    auto dx = b.input_gradient().nhwc();
    dx.setZero();
    const Tensor<T, 4> share = b.output_gradient.nhwc() * (T(1) / T(kernel * kernel));
    for (int tap = 0; tap < kernel * kernel; ++tap) dx.stridedSlice(start(tap), stop(tap, b.output), step()) += share;
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
