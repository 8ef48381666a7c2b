// Product of two inputs, or of each channel with one value.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/layers/multiply.hpp"
#include "lineament/reference/reference.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Multiply> {
  template <class T>
  static void forward(const Multiply&, const Forward<T>& f) {
    const View<const T>&x = f.inputs[0], &gate = f.inputs[1];
    if (x.shape == gate.shape)
      elements(f.output) = elements(x) * elements(gate);
    else
      images(f.output) = images(x) * for_each_pixel_of(x, gate);
  }
  template <class T>
  static void backward(const Multiply&, const Backward<T>& b) {
    const View<const T>&x = b.inputs[0], &gate = b.inputs[1];
    const View<T>&dx = b.input_gradients[0], &dgate = b.input_gradients[1];
    if (x.shape == gate.shape) {
      if (dx.data != nullptr) elements(dx) = elements(b.output_gradient) * elements(gate);
      if (dgate.data != nullptr) elements(dgate) = elements(b.output_gradient) * elements(x);
    } else {
      if (dx.data != nullptr) images(dx) = images(b.output_gradient) * for_each_pixel_of(x, gate);
      if (dgate.data != nullptr) rows(dgate) = (images(b.output_gradient) * images(x)).sum(std::array<int, 1>{1});
    }
  }

 private:
  /// {batch, pixels, channels}.
  template <class T>
  static TensorView<T, 3> images(const View<T>& v) {
    const Eigen::Index channels = v.shape.channels();
    return {v.data, Eigen::Index{v.batch}, static_cast<Eigen::Index>(v.shape.size()) / channels, channels};
  }
  template <class T>
  static Tensor<std::remove_const_t<T>, 3> for_each_pixel_of(const View<T>& x, const View<T>& gate) {
    return images(gate).broadcast(std::array<Eigen::Index, 3>{1, images(x).dimension(1), 1});
  }
};

}  // namespace lineament
