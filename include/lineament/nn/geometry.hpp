// The sizes of windows that move over an image: convolutions and pooling.
#pragma once
#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

/// Sizes of one convolution over a batch, with a square window without gaps. Padding after the last pixel follows from
/// the output's size.
struct ConvGeometry {
  int batch, in_h, in_w, in_c;
  int out_h, out_w, out_c;
  int kernel, stride, pad_top, pad_left, groups;
};

struct PoolGeometry {
  int batch, in_h, in_w, channels;
  int out_h, out_w;
  int kernel, stride;
};

}  // namespace lineament
