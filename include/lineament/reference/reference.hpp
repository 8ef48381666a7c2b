// How a layer computes, for reading and for checking: plain Eigen expressions, for any scalar and any size, usable from
// headers alone. Fast kernels are tested against them, and take their place where there is none.
//
// Reference<L> holds two static functions:
//   template <class T> static void forward(const L&, const Forward<T>&);
//   template <class T> static void backward(const L&, const Backward<T>&);
// `forward` overwrites the output and, in training, what is saved for `backward`. The contract of `backward`: gradients
// with respect to parameters are added to, gradients with respect to inputs are overwritten (where
// `input_gradients[i].data` is not nullptr), nothing else is touched.
#pragma once
#include "lineament/nn/pass.hpp"
#include "lineament/reference/tensor.hpp"
