// 1x1 convolutions of stride 1: a matrix product over all pixels of the batch, whatever their rows.
#pragma once
#include <cstddef>

#include "lineament/kernels/conv.hpp"

namespace lineament {

bool pointwise_fits(const ConvGeometry&);

/// Floats of the weights in panels of columns, and their making: once for each change of the weights.
std::size_t pointwise_weights_size(const ConvGeometry&);
void pointwise_weights(const ConvGeometry&, const float* w, float* panels);

/// Floats of scratch that the backward pass needs.
std::size_t pointwise_scratch(const ConvGeometry&);

/// y = conv(x, w) + bias, then the epilogue, which must not pool. `bias` may be nullptr.
void pointwise_forward(const ConvGeometry&, const float* x, const float* panels, const float* bias, ConvEpilogue,
                       float* y, Threads&);

/// As conv_backward, with the weights as they are.
void pointwise_backward(const ConvGeometry&, const float* x, const float* w, const float* dy, float* dx, float* dw,
                        float* dbias, float* scratch, Threads&);

}  // namespace lineament
