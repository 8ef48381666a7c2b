// Eigen's tensors, as this library uses them: row-major, batches NHWC. `Tensor` owns, `TensorView` looks at memory of
// others.
#pragma once
#include <Eigen/Core>
#include <span>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>

#include "lineament/nn/shape.hpp"

namespace lineament {

template <class T, int Rank>
using Tensor = Eigen::Tensor<T, Rank, Eigen::RowMajor, Eigen::Index>;

/// `T` may be const.
template <class T, int Rank>
using TensorView = Eigen::TensorMap<
    std::conditional_t<std::is_const_v<T>, const Tensor<std::remove_const_t<T>, Rank>, Tensor<T, Rank>>>;

/// A batch of samples of one shape, contiguous, NHWC; does not own.
template <class T>
struct View {
  T* data = nullptr;
  int batch = 0;
  Shape shape;

  std::size_t size() const { return static_cast<std::size_t>(batch) * shape.size(); }
  std::span<T> flat() const { return {data, size()}; }
  /// {batch x height x width, channels}: a pixel a row, also of a plain vector (one row a sample).
  TensorView<T, 2> pixels() const {
    return {data, static_cast<Eigen::Index>(size()) / shape.channels(), Eigen::Index{shape.channels()}};
  }
  /// {batch, all values of a sample}.
  TensorView<T, 2> rows() const { return {data, Eigen::Index{batch}, static_cast<Eigen::Index>(shape.size())}; }
  /// {batch, height, width, channels}.
  TensorView<T, 4> nhwc() const {
    return {data, Eigen::Index{batch}, Eigen::Index{shape.height()}, Eigen::Index{shape.width()},
            Eigen::Index{shape.channels()}};
  }
  TensorView<T, 1> vector() const { return {data, static_cast<Eigen::Index>(size())}; }
};

/// A parameter or its gradient as an Eigen tensor of the given sizes.
template <class T, class... Sizes>
TensorView<T, sizeof...(Sizes)> as_tensor(std::span<T> values, Sizes... sizes) {
  return {values.data(), static_cast<Eigen::Index>(sizes)...};
}

}  // namespace lineament
