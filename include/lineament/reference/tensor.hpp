// Eigen's tensors, as the references use them: row-major, batches NHWC. `Tensor` owns, `TensorView` looks at memory of
// others.
#pragma once
#include <Eigen/Core>
#include <span>
#include <type_traits>
#include <unsupported/Eigen/CXX11/Tensor>

#include "lineament/api.hpp"
#include "lineament/nn/view.hpp"

namespace LINEAMENT_API lineament {

template <class T, int Rank>
using Tensor = Eigen::Tensor<T, Rank, Eigen::RowMajor, Eigen::Index>;

/// `T` may be const.
template <class T, int Rank>
using TensorView = Eigen::TensorMap<
    std::conditional_t<std::is_const_v<T>, const Tensor<std::remove_const_t<T>, Rank>, Tensor<T, Rank>>>;

/// {batch x height x width, channels}: a pixel a row, also of a plain vector (one row a sample).
template <class T>
TensorView<T, 2> pixels(const View<T>& v) {
  return {v.data, static_cast<Eigen::Index>(v.size()) / v.shape.channels(), Eigen::Index{v.shape.channels()}};
}
/// {batch, all values of a sample}.
template <class T>
TensorView<T, 2> rows(const View<T>& v) {
  return {v.data, Eigen::Index{v.batch}, static_cast<Eigen::Index>(v.shape.size())};
}
/// {batch, height, width, channels}.
template <class T>
TensorView<T, 4> nhwc(const View<T>& v) {
  return {v.data, Eigen::Index{v.batch}, Eigen::Index{v.shape.height()}, Eigen::Index{v.shape.width()},
          Eigen::Index{v.shape.channels()}};
}
/// Every value of the batch, in the order of memory.
template <class T>
TensorView<T, 1> elements(const View<T>& v) {
  return {v.data, static_cast<Eigen::Index>(v.size())};
}

/// A parameter or its gradient as an Eigen tensor of the given sizes.
template <class T, class... Sizes>
TensorView<T, sizeof...(Sizes)> as_tensor(std::span<T> values, Sizes... sizes) {
  return {values.data(), static_cast<Eigen::Index>(sizes)...};
}
/// One row of `values` repeated for so many pixels: {pixels, channels}.
template <class T>
Tensor<std::remove_const_t<T>, 2> for_each_pixel(std::span<T> values, Eigen::Index pixels) {
  return as_tensor(values, 1, values.size()).broadcast(std::array<Eigen::Index, 2>{pixels, 1});
}

}  // namespace lineament
