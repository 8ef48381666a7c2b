// What a Session runs: the graph as a list of steps, each a layer (or several fused ones) on a kernel.
#pragma once
#include <string>
#include <vector>

#include "kernels/kernel.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"

namespace lineament {

/// A layer's kernel behind function pointers, its type forgotten.
template <class T>
struct BoundKernel {
  const void* kernel = nullptr;  ///< Kernel<L, T> of the layer's type L
  void (*forward)(const Layer&, const void* kernel, const Forward<T>&) = nullptr;
  void (*backward)(const Layer&, const void* kernel, const Backward<T>&) = nullptr;
  void (*pack)(const Layer&, const void* kernel, const Pack<T>&) = nullptr;
  std::string_view name;
  std::size_t saved_bytes = 0, scratch_size = 0, packed_size = 0;
  bool gradient_over_input = false, can_overwrite = false, can_add = false, relu_by_output = false;
  bool reads_bytes = false, writes_bytes = false;
  bool makes_norm = false, makes_norm_gradient = false;
  NormBlocks output_blocks, input_blocks;  ///< of what it takes for batch norms; empty if it does not
  NormFactors (*norm_factors)(std::span<const std::byte> saved, std::span<const std::span<const T>> params,
                              const Epilogue&) = nullptr;
  std::optional<RowRange> (*rows_read)(const Layer&, const void* kernel, const KernelShapes&, RowRange) = nullptr;
  bool (*fuses)(const Layer&, const void* kernel, const KernelShapes&, const Epilogue&) = nullptr;
  /// `saved_bytes`, once it is known what is fused.
  std::size_t (*saved)(const Layer&, const void* kernel, const KernelShapes&) = nullptr;
};

/// What one of `parts` threads has of the rows of a picture.
inline RowRange rows_of_part(int height, int part, int parts) {
  return {part * height / parts, (part + 1) * height / parts};
}

template <class T>
struct Step {
  NodeId node = 0;              ///< the layer that runs
  NodeId output = 0;            ///< the last layer fused into it, or `node`
  std::vector<NodeId> sources;  ///< the values it reads: the layer's inputs and what a fused sum adds
  Epilogue epilogue;
  BoundKernel<T> kernel;
  Range range;                          ///< of the input, with Precision::int8
  ByteScale input_bytes, output_bytes;  ///< how the first input and the output lie in memory, if not as T
  std::vector<RowRange>
      rows_read;                ///< by thread, of the first input for its rows of the output; empty: only as a whole
  bool reads_own_rows = false;  ///< the same rows as those of the output
  // In training, numbers of batch norms' steps, or kNone:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t norm_before = kNone;  ///< whose output this step makes itself, from its input
  std::size_t norm_behind = kNone;  ///< the gradient by whose input this step makes itself, from that by its output
  bool output_deferred = false, gradient_deferred = false;  ///< this batch norm's are: others make them
  /// A value as it is, or, with the number of a batch norm's step, what that makes of it.
  struct Term {
    NodeId value;
    std::size_t norm;
  };
  std::vector<Term>
      made_of;  ///< the sum that `backward` makes its input of, the first one of a norm; empty: it is kept
  NormBlocks moments, gradient_sums;  ///< what others take for this batch norm
  // Filled in when memory is planned:
  std::vector<View<const T>> inputs;
  std::vector<View<const T>> backward_inputs;  ///< the same, or the first of `made_of`
  std::vector<NormTerm> added;                 ///< the others
  std::vector<View<T>> input_gradients;
  std::vector<std::span<const T>> params;
  std::vector<std::span<T>> statistics, param_gradients;
  View<T> value, gradient;  ///< of the output
  std::span<std::byte> saved;
  std::span<T> forward_scratch, backward_scratch, packed;
  struct Sum {
    std::span<const T> from;
    std::span<T> to;
  };
  /// What one thread does of a step that is cut into rows: see bands.hpp.
  struct Share {
    RowRange rows;
    std::vector<View<const T>> inputs;
    View<T> output;
    std::span<T> scratch;
    struct Copy {
      const T* from;
      T* to;
      std::size_t size;
    };
    std::vector<Copy> rows_of_others;
  };
  std::vector<Share> shares;
  std::vector<Sum> sums;  ///< after `backward`: gradients of a value that several layers read
};

/// The steps of `network` in order, with kernels chosen and, when inferring, layers fused.
template <class T>
std::vector<Step<T>> make_steps(const BasicNetwork<T>& network, const SessionOptions& options);

/// With int8: lets what steps put out be bytes where all that read it would round it to the same. For the steps of one
/// segment, whose last output others read as floats.
template <class T>
void pass_bytes(std::vector<Step<T>>& steps, const Shapes& shapes);

}  // namespace lineament
