// Convolutions whose output is a few pixels, when inferring: their windows are copied out as rows of a matrix (im2col),
// so that all pixels share each weight that is read. Reading the weights is what takes the time there, and Winograd's
// are four times as large.
#pragma once
#include <cstddef>

#include "kernels/conv.hpp"

namespace lineament {

/// A window of more than a pixel, one group, and sizes for which this is faster than the others.
bool im2col_fits(const ConvGeometry&);

/// Floats of the weights in the kernel's order, and their making.
std::size_t im2col_weights_size(const ConvGeometry&);
void im2col_weights(const ConvGeometry&, const float* w, float* panels);

std::size_t im2col_scratch(const ConvGeometry&, int threads);

/// y = conv(x, w) + bias, then the epilogue, but no max-pool. `bias` may be nullptr.
void im2col_forward(const ConvGeometry&, const float* x, const float* panels, const float* bias, ConvEpilogue, float* y,
                    float* scratch, Threads&);

}  // namespace lineament
