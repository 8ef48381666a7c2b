// 3x3 convolutions of stride 1 with fewer multiplications: Winograd's minimal filtering F(4x4, 3x3) (Lavin & Gray,
// "Fast algorithms for convolutional neural networks", CVPR 2016), forward and for both gradients. A 4x4 tile of
// outputs takes 36 multiplications for each pair of channels instead of 144. The same bits for any number of threads.
// Errors: docs/performance.md.
#pragma once
#include <cstddef>

#include "kernels/conv.hpp"

namespace lineament {

/// 3x3, stride 1, one group, both numbers of channels multiples of 16, padding before the first pixel 0, 1 or 2.
bool winograd_fits(const ConvGeometry&);
/// Whether its gradients are faster than direct ones, too: not if more than half of the tiles' pixels lie outside.
bool winograd_pays_in_training(const ConvGeometry&);

/// Floats of the transformed weights, and the transformation: once for each change of the weights.
std::size_t winograd_weights_size(const ConvGeometry&);
void winograd_weights(const ConvGeometry&, const float* w, float* transformed, Threads&);

/// Floats of scratch that the functions below need.
std::size_t winograd_scratch(const ConvGeometry&, bool train, int threads);

/// As conv_forward, with transformed weights.
void winograd_forward(const ConvGeometry&, const float* x, const float* transformed, const float* bias, ConvEpilogue,
                      float* y, float* scratch, Threads&);

/// As conv_backward, with the weights as they are.
void winograd_backward(const ConvGeometry&, const float* x, const float* w, const ConvGradient& dy, float* dx,
                       float* dw, float* dbias, float* scratch, Threads&);

}  // namespace lineament
