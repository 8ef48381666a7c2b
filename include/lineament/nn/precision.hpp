// What a session is for, and what it multiplies.
#pragma once
#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

enum class Mode { infer, train };

/// The numbers that dense layers and convolutions (but grouped ones) multiply while inferring; in training with bf16,
/// 1x1 convolutions with an even number of channels, forward and for the gradient with respect to their input, where
/// the processor multiplies pairs of them faster than floats. Between layers values are floats, or bytes in int8.
enum class Precision {
  fp32,  ///< on AMX convolutions of 32 channels and more multiply floats as sums of two bfloat16, which is about as
         ///< exact as Winograd's algorithm; LINEAMENT_ISA=avx512 does without
  bf16,  ///< weights of dense layers in bfloat16 (8 bits of mantissa), sums in float. Where the processor multiplies
         ///< pairs of them faster than floats, convolutions and activations, too, but for those that Winograd's
         ///< algorithm fits; on AMX these as well
  int8,  ///< weights and activations in 8 bits, exact sums; a layer whose output is the network's stays in fp32. Values
         ///< out of a layer's range, infinities and NaN too, become a byte at an end of it
};

}  // namespace lineament
