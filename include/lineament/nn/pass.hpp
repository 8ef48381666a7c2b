// What a layer is handed when it runs, forward and backward.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "lineament/nn/norm_factors.hpp"
#include "lineament/nn/range.hpp"
#include "lineament/nn/view.hpp"

namespace lineament {

class Threads;

enum class Mode { infer, train };

/// The numbers that dense layers and convolutions (but grouped ones) multiply while inferring; in training with bf16,
/// 1x1 convolutions with an even number of channels, forward and for the gradient by their input, where the processor
/// multiplies pairs of them. Between layers values are always floats.
enum class Precision {
  fp32,
  bf16,  ///< weights of dense layers in bfloat16 (8 bits of mantissa), sums in float. Where the processor multiplies
         ///< pairs of them, convolutions that Winograd's algorithm does not fit, and activations, too
  int8,  ///< weights and activations in 8 bits, exact sums; the network's last layer stays in fp32
};

/// Work that may be fused into the end of a step: that of a convolution or dense layer when inferring, of a batch norm
/// or ReLU in training.
struct Epilogue {
  bool add = false;  ///< a value of the output's shape, the last of the inputs, before the ReLU; only when inferring
  bool relu = false;
  bool max_pool = false;  ///< 2x2, stride 2, after the ReLU
};

/// What a kernel brings into an order of its own before it runs.
template <class T>
struct Pack {
  View<const T> input;                         ///< for its shape
  std::span<const std::span<const T>> params;  ///< in the order of `params()`
  Range range;                                 ///< of the input's values; Precision::int8
  std::span<T> packed;                         ///< `packed_size` values
  Threads* threads = nullptr;
};

template <class T>
struct Forward {
  std::span<const View<const T>> inputs;
  View<T> output;
  std::span<const std::span<const T>> params;  ///< in the order of `params()`
  std::span<const std::span<T>>
      statistics;              ///< the same list, writable, train mode only: entries that are not trainable
  std::span<std::byte> saved;  ///< `saved_bytes` to keep for backward (empty when inferring)
  Mode mode = Mode::infer;
  std::uint64_t seed = 0;  ///< of this layer in this step: dropout
  // For fast kernels:
  Epilogue epilogue;
  NormFactors norm;        ///< of the input, which is then what is to be normalised
  bool deferred = false;   ///< a batch norm: those who read the output make it themselves, so it is not to be written
  NormBlocks norm_blocks;  ///< a batch norm: what others took for it; a convolution: what to take for the one behind it
  ByteScale input_bytes, output_bytes;  ///< what lies at the first input and the output are bytes in this scale, if any
  RowRange rows;  ///< of the output, batch 1: the others are left alone (Kernel::by_rows); all of them if empty
  std::span<const T> packed;  ///< what the kernel's `pack` made of the parameters
  std::span<T> scratch;       ///< `scratch_size` values, free to use, of undefined content
  Threads* threads = nullptr;

  View<const T> input() const { return inputs[0]; }
};

template <class T>
struct Backward {
  std::span<const View<const T>> inputs;
  View<const T> output;
  View<const T> output_gradient;
  std::span<const View<T>> input_gradients;  ///< overwritten; data is nullptr where nobody asks for it
  std::span<const std::span<const T>> params;
  std::span<const std::span<T>> param_gradients;  ///< added to; empty spans for what is not trainable
  std::span<std::byte> saved;
  std::uint64_t seed = 0;
  // For fast kernels:
  bool overwrite = false;  ///< gradients of parameters are overwritten instead of added to; only for kernels that can
  Epilogue epilogue;
  NormFactors norm;                 ///< of the input; its gradient is then that by the normalised one
  std::span<const NormTerm> added;  ///< to the normalised input, in this order: the layer's input was the sum
  NormFactors output_norm;          ///< behind the layer, whose output gradient is then that by the norm's output
  bool deferred = false;            ///< a batch norm: who made its input makes the gradient by it, too
  NormBlocks norm_blocks;  ///< a batch norm: what others took for it; a convolution: what to take for the one before it
  std::span<T> scratch;
  Threads* threads = nullptr;

  View<const T> input() const { return inputs[0]; }
  View<T> input_gradient() const { return input_gradients[0]; }
};

/// How a layer computes: specialised in lineament/reference for each layer; reference.hpp says what it holds.
template <class Layer>
struct Reference;

}  // namespace lineament
