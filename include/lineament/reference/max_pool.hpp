// Maximum over square windows.
#pragma once
#include <limits>

#include "lineament/api.hpp"
#include "lineament/nn/layers/max_pool.hpp"
#include "lineament/reference/reference.hpp"
#include "lineament/reference/window.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<MaxPool> {
  template <class T>
  static void forward(const MaxPool& pool, const Forward<T>& f) {
    const auto x = nhwc(f.input());
    auto y = nhwc(f.output);
    y.setConstant(-std::numeric_limits<T>::infinity());
    Tensor<std::uint8_t, 4> winner(y.dimensions());
    winner.setZero();
    each_position(pool, f.output, [&](int position, const Seen& s) {
      const Tensor<T, 4> seen = x.stridedSlice(s.start, s.stop, s.step);
      const Tensor<bool, 4> larger = seen > y;
      winner = larger.select(winner.constant(static_cast<std::uint8_t>(position)), winner).eval();
      y = larger.select(seen, y).eval();
    });
    std::copy_n(winner.data(), f.saved.size(), reinterpret_cast<std::uint8_t*>(f.saved.data()));
  }
  template <class T>
  static void backward(const MaxPool& pool, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    auto dx = nhwc(b.input_gradient());
    const auto dy = nhwc(b.output_gradient);
    const TensorView<const std::uint8_t, 4> winner(reinterpret_cast<const std::uint8_t*>(b.saved.data()),
                                                   dy.dimensions());
    dx.setZero();
    each_position(pool, b.output, [&](int position, const Seen& s) {
      const auto won = winner.unaryExpr([position](std::uint8_t w) { return w == position; });
      const Tensor<T, 4> share = won.select(dy, dy.constant(T(0)));
      dx.stridedSlice(s.start, s.stop, s.step) += share;
    });
  }

 private:
  template <class T, class F>
  static void each_position(const MaxPool& pool, const View<T>& out, F&& f) {
    for (int y = 0; y < pool.kernel; ++y)
      for (int x = 0; x < pool.kernel; ++x)
        f(y * pool.kernel + x, seen_at(y, x, {out.batch, out.shape[0], out.shape[1]}, pool.stride, out.shape[2]));
  }
};

}  // namespace lineament
