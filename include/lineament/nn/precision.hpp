// What a session is for, and what it multiplies.
#pragma once
#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

enum class Mode { infer, train };

/// The numbers that dense layers and convolutions (but grouped ones) multiply while inferring; in training with bf16,
/// 1x1 convolutions with an even number of channels, forward and for the gradient with respect to their input, where
/// the processor multiplies pairs of them. Between layers values are floats, or bytes in int8.
enum class Precision {
  fp32,
  bf16,  ///< weights of dense layers in bfloat16 (8 bits of mantissa), sums in float. Where the processor multiplies
         ///< pairs of them, convolutions that Winograd's algorithm does not fit, and activations, too
  int8,  ///< weights and activations in 8 bits, exact sums; a layer whose output is the network's stays in fp32. Values
         ///< out of a layer's range, infinities and NaN too, become a byte at an end of it
};

}  // namespace lineament
