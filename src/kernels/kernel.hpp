// What the plan knows of a kernel: whether it runs an op, which neighbours it can take in, how much memory it wants,
// and how it is called. The families (conv/, norm/, pool/, elementwise/, softmax/) derive from it; registry.hpp lists
// them.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/common/bytes.hpp"
#include "kernels/common/norm_factors.hpp"
#include "lineament/nn/layers.hpp"
#include "lineament/nn/pass.hpp"
#include "lineament/nn/range.hpp"

namespace lineament {

class PairsOfParts;
class Threads;

/// Work that is fused into the end of an op: in this order, after the layer's own.
struct Epilogue {
  bool add = false;  ///< a value of the output's shape, the last of the inputs; only when inferring
  bool relu = false;
  bool max_pool = false;    ///< 2x2, stride 2
  bool hard_swish = false;  ///< where the ReLU would be
  explicit operator bool() const { return add || relu || hard_swish || max_pool; }
};

/// One op, as far as a kernel is chosen and prepared by it.
struct OpProblem {
  Layer layer;
  std::vector<Shape> inputs;  ///< of one sample
  Shape output;               ///< of the layer itself, before the epilogue
  int batch = 1;
  Mode mode = Mode::infer;
  int threads = 1;
  Precision precision = Precision::fp32;
  Range range;        ///< of the first input's values; Precision::int8
  Epilogue epilogue;  ///< what is fused; nothing while that is being found out
};

/// Memory that a kernel asks for, in bytes.
struct Needs {
  std::size_t saved = 0;    ///< kept from forward to backward
  std::size_t packed = 0;   ///< parameters in an order of the kernel's own
  std::size_t scratch = 0;  ///< of undefined content while it runs, forward or backward
};

/// What a kernel can do beside its layer.
struct Abilities {
  bool relu_by_output = false;        ///< backward takes a fused ReLU without a max-pool back by the output's sign
  bool overwrites = false;            ///< gradients with respect to parameters may be overwritten instead of added to
  bool gradient_over_input = false;   ///< the gradient with respect to the input may be written where the input lies
  bool reads_packed_only = false;     ///< inferring: parameters in no other form than `pack` made
  bool bytes = false;                 ///< its first input and its output may be bytes
  bool writes_bytes = false;          ///< its output may, its input not
  bool reads_norm = false;            ///< training: normalises its input itself while it reads it
  bool reads_gate = false;            ///< training: multiplies what it normalised by a gate
  bool writes_norm_gradient = false;  ///< training: its output's gradient may be that after a batch norm
  bool hard_swish = false;            ///< inferring: takes a hard-swish into its end where it takes a ReLU
};

enum class Side { input, output };

/// Everything about a kernel that does not depend on the scalar: all that the passes ask.
class KernelBase {
 public:
  virtual ~KernelBase() = default;
  virtual std::string_view name() const = 0;  ///< its file's, without "-inl"
  /// Why it cannot run the op, in a few words; nullptr if it can.
  virtual const char* refuses(const OpProblem&) const { return nullptr; }
  /// Whether it takes the epilogue in. In training such an op reads its input again in `backward`, what it saved
  /// and, with `relu_by_output`, its output: there is no memory for what lies between.
  virtual bool fuses(const OpProblem&, const Epilogue&) const { return false; }
  virtual Needs needs(const OpProblem&) const { return {}; }
  virtual Abilities abilities(const OpProblem&) const { return {}; }
  /// When inferring one image: the rows of the first input that it reads for `rows` of the output, if it can run for
  /// some rows alone.
  virtual std::optional<RowRange> rows_read(const OpProblem&, RowRange) const { return std::nullopt; }
  /// Training: how it cuts the pixels of its input or output into blocks whose sums it takes for a batch norm; empty if
  /// it does not.
  virtual NormBlocks norm_blocks(const OpProblem&, Side) const { return {}; }
  /// Batch norms: what others need to make its output and gradient themselves; empty for all other kernels.
  virtual bool is_norm() const { return false; }
  virtual NormFactors norm_factors(const OpProblem&, std::span<const std::byte>, std::span<const float>) const {
    return {};
  }
};

template <class T>
struct KernelForward : Forward<T> {
  std::span<const std::byte> packed;  ///< what `pack` made of the parameters
  std::span<std::byte> scratch;
  Threads* threads = nullptr;
  RowRange rows;           ///< of the output, batch 1: the others are left alone; all of them if empty
  ConstBytes input_bytes;  ///< the first input and the output where they are bytes: their views then have no data
  Bytes output_bytes;
  NormFactors norm;    ///< of the first input, which is then what is to be normalised
  NormBlocks moments;  ///< a batch norm: what others took for it; a convolution: what to take for the one after it
  PairsOfParts* parts = nullptr;  ///< training: of the batch, where this is one of several
};

template <class T>
struct KernelBackward : Backward<T> {
  std::span<std::byte> scratch;
  Threads* threads = nullptr;
  bool overwrite = false;           ///< gradients with respect to parameters; only with that ability
  NormFactors norm;                 ///< of the input; its gradient is then with respect to the normalised one
  std::span<const NormTerm> added;  ///< to the normalised input, in this order: the layer's input was the sum
  ImageGate gate;                   ///< of the normalised input: the layer's input was the product
  NormFactors output_norm;          ///< after the layer: output_gradient is then with respect to the norm's output
  NormBlocks sums;  ///< a batch norm: what others took for it; a convolution: what to take for the one before it
  PairsOfParts* parts = nullptr;  ///< of the batch, where this is one of several
};

template <class T>
class Kernel : public KernelBase {
 public:
  /// Brings parameters (in the order of `params()`) into the kernel's order: once for sessions that infer, before each
  /// forward pass in training.
  virtual void pack(const OpProblem&, std::span<const std::span<const T>>, std::span<std::byte>, Threads&) const {}
  /// A batch norm whose output or input gradient others make gets views without data for it.
  virtual void forward(const OpProblem&, const KernelForward<T>&) const = 0;
  virtual void backward(const OpProblem&, const KernelBackward<T>&) const = 0;
};

}  // namespace lineament
