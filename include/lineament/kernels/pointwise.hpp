// 1x1 convolutions of stride 1: a matrix product over all pixels of the batch, whatever their rows.
#pragma once
#include <cstddef>

#include "lineament/kernels/conv.hpp"

namespace lineament {

bool pointwise_fits(const ConvGeometry&);

/// Floats of the weights in panels of columns, and their making: once for each change of the weights.
std::size_t pointwise_weights_size(const ConvGeometry&);
void pointwise_weights(const ConvGeometry&, const float* w, float* panels);

/// Floats of scratch that training needs.
std::size_t pointwise_scratch(const ConvGeometry&, int threads);

/// y = conv(x, w) + bias, then the epilogue, which must not pool. `bias` may be nullptr. With a normalisation (in
/// training) x is what is normalised first.
void pointwise_forward(const ConvGeometry&, const float* x, const NormFactors&, const float* panels, const float* bias,
                       ConvEpilogue, float* y, const NormBlocks& moments, float* scratch, Threads&);

/// As conv_backward, with the weights as they are; dx is the gradient by the normalised input.
void pointwise_backward(const ConvGeometry&, const float* x, const NormFactors&, const float* w, const ConvGradient& dy,
                        float* dx, const NormBlocks& sums, float* dw, float* dbias, float* scratch, Threads&);
/// How the two above cut pixels into blocks, for a batch norm behind them and one before: both may ask for none.
NormBlocks pointwise_norm_blocks(const ConvGeometry&, float* sums);

}  // namespace lineament
