// Fast float convolutions, NHWC, weights {kernel, kernel, channels in / groups, channels out}. The instruction set is
// chosen at run time; results are the same bits for any number of threads.
#pragma once
#include <cstddef>

namespace lineament {

class Threads;

/// Sizes of one convolution over a batch. Padding after the last pixel follows from the output's size.
struct ConvGeometry {
  int batch, in_h, in_w, in_c;
  int out_h, out_w, out_c;
  int kernel, stride, pad_top, pad_left, groups;
};

struct ConvEpilogue {
  const float* add = nullptr;  ///< of the output's size, added before the ReLU; not with a max-pool
  bool relu = false;
  bool max_pool = false;  ///< 2x2, stride 2; out_h and out_w even; the output is then half as high and wide
};

/// Floats of scratch that the functions below need.
std::size_t conv_scratch(const ConvGeometry&, bool train, int threads);

/// y = conv(x, w) + bias, then the epilogue. `bias` may be nullptr.
void conv_forward(const ConvGeometry&, const float* x, const float* w, const float* bias, ConvEpilogue, float* y,
                  float* scratch, Threads&);

/// dw and dbias (may be nullptr) are added to; dx (may be nullptr) is overwritten.
void conv_backward(const ConvGeometry&, const float* x, const float* w, const float* dy, float* dx, float* dw,
                   float* dbias, float* scratch, Threads&);

/// The same for groups = channels in = channels out.
std::size_t depthwise_scratch(const ConvGeometry&, bool train);
void depthwise_forward(const ConvGeometry&, const float* x, const float* w, const float* bias, bool relu, float* y,
                       Threads&);
void depthwise_backward(const ConvGeometry&, const float* x, const float* w, const float* dy, float* dx, float* dw,
                        float* dbias, float* scratch, Threads&);

}  // namespace lineament
