// Convolutions with short products: int8 (activations 0 … 255, weights -127 … 127, exact sums in 32 bits) and bfloat16
// (sums in float). Both multiply 32 bits of activations with 32 bits of weights at a time, four or two channels, and
// differ in nothing else. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018. A dense layer is a 1x1 convolution over the pictures of the batch as
// its pixels.
#pragma once
#include <cstddef>

#include "kernels/conv.hpp"
#include "lineament/nn/range.hpp"

namespace lineament {

enum class Number { int8, bf16 };

/// Groups are not supported; int8: sums that fit 32 bits; bf16: processors that multiply such pairs (AVX512_BF16).
bool low_precision_fits(const ConvGeometry&, Number);

/// Floats that weights, bias and `input`'s scale take in the kernel's order, and their making, for 64-byte aligned
/// memory. int8 scales the weights of every channel out on its own, and cuts off activations outside the range, which
/// bf16 does not use. `bias` may be nullptr.
std::size_t low_precision_weights_size(const ConvGeometry&, Number);
void low_precision_weights(const ConvGeometry&, Number, const float* w, const float* bias, Range input, float* packed);

/// Whether rows of a picture that many threads take as convolutions of their own keep the scratch of the whole.
bool low_precision_by_rows(const ConvGeometry&, int threads);

std::size_t low_precision_scratch(const ConvGeometry&, Number, int threads);

/// y = conv(x, w) + bias, then the epilogue. Floats in, or, with int8 and channels in a multiple of 4, `bytes_in`:
/// behind the same pointer lie what int8 would have rounded them to.
void low_precision_forward(const ConvGeometry&, Number, const float* x, bool bytes_in, const float* packed,
                           ConvEpilogue, float* y, float* scratch, Threads&);

}  // namespace lineament
