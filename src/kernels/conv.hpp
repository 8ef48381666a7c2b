// Fast float convolutions, NHWC, weights {kernel, kernel, channels in / groups, channels out}. The instruction set is
// chosen at run time; results are the same bits for any number of threads.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "lineament/nn/geometry.hpp"
#include "lineament/nn/norm_factors.hpp"
#include "lineament/nn/range.hpp"

namespace lineament {

class Threads;

/// Rows of the input that the windows of rows of the output meet.
inline RowRange conv_input_rows(const ConvGeometry& g, RowRange out) {
  return {std::max(0, out.begin * g.stride - g.pad_top),
          std::min(g.in_h, (out.end - 1) * g.stride - g.pad_top + g.kernel)};
}

struct ConvEpilogue {
  const float* add = nullptr;  ///< of the output's size, added before the ReLU; not with a max-pool
  bool relu = false;
  bool max_pool = false;  ///< 2x2, stride 2: the output is half as high and wide, an odd row or column left out
  /// In training, with a max-pool: for each of its outputs which pixel of the window won (the first of equals), row by
  /// row from 0 to 3, or kCut where the ReLU cuts it off.
  std::uint8_t* winners = nullptr;
  static constexpr std::uint8_t kCut = 4;
  ByteScale bytes = {};  ///< int8: what is put out are bytes in this scale, in the place of floats
};

/// The gradient by what an epilogue, or the batch norm behind a convolution, puts out, and what leads back from there
/// to the convolution's own sums.
struct ConvGradient {
  const float* dy;
  const float* output = nullptr;          ///< what the ReLU (without a max-pool) put out; with `norm`, the convolution
  const std::uint8_t* winners = nullptr;  ///< of a max-pool: see ConvEpilogue
  NormFactors norm = {};

  bool fused() const { return output != nullptr || winners != nullptr; }
};

/// Floats of the weights in panels of columns, and how they get there: once for each change of the weights.
std::size_t conv_weights_size(const ConvGeometry&);
void conv_weights(const ConvGeometry&, const float* w, float* panels);

/// Floats of scratch that the functions below need.
std::size_t conv_scratch(const ConvGeometry&, bool train, int threads);

/// y = conv(x, w) + bias, then the epilogue, from weights in panels. `bias` may be nullptr.
void conv_forward(const ConvGeometry&, const float* x, const float* panels, const float* bias, ConvEpilogue, float* y,
                  float* scratch, Threads&);

/// Both gradients in one visit of the gradient dy, from weights as they are. dw and dbias (may be nullptr) are added
/// to; dx (may be nullptr) is overwritten. Pictures are what threads share out, one of them is not cut.
void conv_backward(const ConvGeometry&, const float* x, const float* w, const ConvGradient& dy, float* dx, float* dw,
                   float* dbias, float* scratch, Threads&);

/// The same for groups = channels in = channels out. The input may be a batch norm's output that is made when it is
/// read; dx is then the gradient by that output, also where others (`added`) were added to it.
std::size_t depthwise_scratch(const ConvGeometry&, bool train, int threads);
void depthwise_forward(const ConvGeometry&, const float* x, const NormFactors&, const float* w, const float* bias,
                       bool relu, float* y, const NormBlocks& moments, float* scratch, Threads&);
void depthwise_backward(const ConvGeometry&, const float* x, const NormFactors&, std::span<const NormTerm> added,
                        const float* w, const ConvGradient& dy, float* dx, const NormBlocks& sums, float* dw,
                        float* dbias, float* scratch, Threads&);
/// Rows of a picture that the two above take at a time where something is made of them first: few enough for the
/// second-level cache.
inline constexpr int kDepthwiseRows = 16;
/// How they cut pixels of their output, or of their input, into blocks for a batch norm: both may ask for none.
NormBlocks depthwise_norm_blocks(const ConvGeometry&, bool of_input);

}  // namespace lineament
