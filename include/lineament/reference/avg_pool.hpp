// Mean over square windows.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/avg_pool.hpp"
#include "lineament/reference/reference.hpp"
#include "lineament/reference/window.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<AvgPool> {
  template <class T>
  static void forward(const AvgPool& pool, const Forward<T>& f) {
    const auto x = nhwc(f.input());
    auto y = nhwc(f.output);
    y.setZero();
    each_position(pool, f.output, [&](const Seen& s) { y += x.stridedSlice(s.start, s.stop, s.step); });
    y = y * (T(1) / T(pool.kernel * pool.kernel));
  }
  template <class T>
  static void backward(const AvgPool& pool, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    auto dx = nhwc(b.input_gradient());
    dx.setZero();
    const Tensor<T, 4> share = nhwc(b.output_gradient) * (T(1) / T(pool.kernel * pool.kernel));
    each_position(pool, b.output, [&](const Seen& s) { dx.stridedSlice(s.start, s.stop, s.step) += share; });
  }

 private:
  template <class T, class F>
  static void each_position(const AvgPool& pool, const View<T>& out, F&& f) {
    for (int y = 0; y < pool.kernel; ++y)
      for (int x = 0; x < pool.kernel; ++x)
        f(seen_at(y, x, {out.batch, out.shape[0], out.shape[1]}, pool.stride, out.shape[2]));
  }
};

}  // namespace lineament
