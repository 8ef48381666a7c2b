// Enlarging, as a product with a matrix along each axis.
#pragma once
#include <algorithm>

#include "lineament/api.hpp"
#include "lineament/nn/layers/upsample.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Upsample> {
  template <class T>
  static void forward(const Upsample& layer, const Forward<T>& f) {
    const Shape& in = f.input().shape;
    nhwc(f.output) = along_both_axes<T, 1>(nhwc(f.input()), shares<T>(layer, in[0]), shares<T>(layer, in[1]));
  }
  /// Each input pixel gets the gradients of the pixels it had a share in.
  template <class T>
  static void backward(const Upsample& layer, const Backward<T>& b) {
    if (b.input_gradient().data == nullptr) return;
    const Shape& in = b.input().shape;
    nhwc(b.input_gradient()) =
        along_both_axes<T, 0>(nhwc(b.output_gradient), shares<T>(layer, in[0]), shares<T>(layer, in[1]));
  }

 private:
  /// {size * factor, size}: the share that each input pixel has in each output pixel.
  template <class T>
  static Tensor<T, 2> shares(const Upsample& layer, int size) {
    Tensor<T, 2> share(size * layer.factor, size);
    share.setZero();
    for (int out = 0; out < size * layer.factor; ++out) {
      if (layer.mode == Interpolation::nearest) {
        share(out, out / layer.factor) = T(1);
        continue;
      }
      const T at = std::max(T(0), (static_cast<T>(out) + T(0.5)) / static_cast<T>(layer.factor) - T(0.5));
      const int before = static_cast<int>(at), after = std::min(before + 1, size - 1);
      share(out, before) += T(1) - (at - static_cast<T>(before));
      share(out, after) += at - static_cast<T>(before);
    }
    return share;
  }
  /// {batch, height, width, channels} with `axis` 1 of a matrix multiplied along each axis, with 0 its transpose.
  template <class T, int axis, class X>
  static Tensor<T, 4> along_both_axes(const X& x, const Tensor<T, 2>& of_rows, const Tensor<T, 2>& of_columns) {
    using Pair = std::array<Eigen::IndexPair<int>, 1>;
    const Tensor<T, 4> rows =
        of_rows.contract(x, Pair{Eigen::IndexPair<int>(axis, 1)});  // {rows, batch, width, channels}
    const Tensor<T, 4> both = of_columns.contract(rows, Pair{Eigen::IndexPair<int>(axis, 2)});
    return both.shuffle(std::array<int, 4>{2, 1, 0, 3});  // from {columns, rows, batch, channels}
  }
};

}  // namespace lineament
