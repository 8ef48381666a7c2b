// 1x1 convolutions of stride 1: a matrix product over all pixels of the batch, whatever their rows.
#pragma once
#include <cstddef>

#include "kernels/conv.hpp"

namespace lineament {

bool pointwise_fits(const ConvGeometry&);

/// Whether training may multiply in bfloat16 (weights, activations and the gradient by the input; sums in fp32, and the
/// gradient by the weights altogether): an even number of channels, on processors that have such products.
bool pointwise_bf16_fits(const ConvGeometry&);

/// Floats of the weights in panels of columns, and their making: once for each change of the weights. In bfloat16 the
/// bias (may be nullptr) is with them, and memory must be 64-byte aligned.
std::size_t pointwise_weights_size(const ConvGeometry&, bool bf16 = false);
void pointwise_weights(const ConvGeometry&, bool bf16, const float* w, const float* bias, float* panels);

/// Floats of scratch that training needs.
std::size_t pointwise_scratch(const ConvGeometry&, bool bf16, int threads);

/// y = conv(x, w) + bias, then the epilogue, which must not pool. `bias` may be nullptr. With a normalisation (in
/// training) x is what is normalised first. With bf16, only in training, no epilogue.
void pointwise_forward(const ConvGeometry&, bool bf16, const float* x, const NormFactors&, const float* panels,
                       const float* bias, ConvEpilogue, float* y, const NormBlocks& moments, float* scratch, Threads&);

/// As conv_backward, with the weights as they are; dx is the gradient by the normalised input, to which `added` were
/// added.
void pointwise_backward(const ConvGeometry&, bool bf16, const float* x, const NormFactors&,
                        std::span<const NormTerm> added, const float* w, const ConvGradient& dy, float* dx,
                        const NormBlocks& sums, float* dw, float* dbias, float* scratch, Threads&);
/// How the two above cut pixels into blocks, for a batch norm behind them and one before: both may ask for none.
NormBlocks pointwise_norm_blocks(const ConvGeometry&);

}  // namespace lineament
