// What runs, between a Spec and its execution: ops in order, the values between them, and how threads share the work.
// Passes (passes/) change a plan one after the other; the executor walks it. Nothing here depends on the scalar but its
// size.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kernels/kernel.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/session.hpp"
#include "plan/memory_plan.hpp"

namespace lineament {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// A value is what a node outputs, and has its number; what is fused away is none.
using ValueId = NodeId;

struct Value {
  Shape shape;              ///< of one sample
  int batch = 1;            ///< samples that lie in it
  ByteScale bytes;          ///< it lies as bytes in this scale; none: as the scalar
  bool per_thread = false;  ///< every thread has a copy
  MemoryPlan::Id memory = kNone, gradient = kNone;
  MemoryPlan::Id again = kNone;  ///< training: where backward finds it, if it is computed again for it

  MemoryPlan::Id in_backward() const { return again == kNone ? memory : again; }
};

/// Batch norms next to an op, in training, as numbers of their ops.
struct NormLinks {
  std::size_t before = kNone;  ///< whose output this op makes itself, from its input
  std::size_t after = kNone;   ///< whose moments this op takes, and, where deferred, whose input's gradient it makes
  bool output_deferred = false, gradient_deferred = false;  ///< this norm's are: others make them
  NormBlocks moments, gradient_sums;                        ///< what others take for this norm
};

/// A value as it is, or, with the number of a batch norm's op, what that makes of it; then multiplied by a gate.
struct Term {
  ValueId value = 0;
  std::size_t norm = kNone;
  std::optional<ValueId> gate = std::nullopt;  ///< one value for each image and channel
};

struct Refusal {
  std::string kernel, reason;
};

/// Where an op finds its memory: see passes/lifetimes.cpp.
struct OpMemory {
  MemoryPlan::Id saved = kNone, packed = kNone, scratch = kNone, backward_scratch = kNone;
  MemoryPlan::Id again_scratch = kNone;                   ///< where it runs once more
  MemoryPlan::Id moments = kNone, gradient_sums = kNone;  ///< of a batch norm
  std::vector<MemoryPlan::Id> input_gradients;            ///< by input; kNone: nobody asks for it
  std::vector<bool> summed;                               ///< by input: added to what another reader wrote
};

struct Op {
  NodeId node = 0;              ///< the layer that runs
  ValueId output = 0;           ///< of the last layer fused into it, or `node`
  std::vector<ValueId> inputs;  ///< the layer's, then what a fused sum adds
  OpProblem problem;
  const KernelBase* kernel = nullptr;
  std::vector<Refusal> refused;  ///< kernels before it in the list, and one of a Tuning
  NormLinks norms;
  std::vector<Term> recomputed;      ///< the sum that backward makes its first input of; empty: that is kept
  std::size_t again_before = kNone;  ///< the op before whose backward this one runs once more
  std::vector<RowRange> rows_read;   ///< by thread, of the first input for its rows of the output; empty: as a whole
  bool reads_own_rows = false;       ///< the same rows as those of the output
  OpMemory memory;
};

/// Ops begin … end - 1, which threads go through together, or alone for an image or for some rows of one.
struct OpRegion {
  enum class Kind { together, by_image, by_rows };
  Kind kind = Kind::together;
  std::size_t begin = 0, end = 0;
};

struct PlanOptions {
  Mode mode = Mode::infer;
  int batch = 1, threads = 1;
  Precision precision = Precision::fp32;
  std::span<const LayerRange> ranges{};
  bool input_gradient = false;
  PassSet without;
  std::size_t scalar = sizeof(float);  ///< bytes
  const Tuning* tuning = nullptr;      ///< used while the plan is made
};

struct Plan {
  const Spec* spec = nullptr;
  const Shapes* shapes = nullptr;
  PlanOptions options;
  std::vector<Op> ops;
  std::vector<OpRegion> regions;
  std::vector<Value> values;             ///< by ValueId
  std::vector<ValueId> inputs, outputs;  ///< of the network
  MemoryPlan memory;

  bool training() const { return options.mode == Mode::train; }
  bool runs(Pass pass) const { return !options.without.contains(pass); }
  Value& value(ValueId id) { return values[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }
  const Layer& layer(const Op& op) const { return (*spec)[op.node].layer; }
  const Shape& output_shape(const Op& op) const { return (*shapes)[op.output]; }
  bool is_output(ValueId id) const;
  /// The last of the layers fused into it runs something of its own after the op's layer.
  static bool is_fused(const Op& op) { return op.output != op.node; }
  /// Training: its backward step begins with the gradient after the batch norm that follows it.
  bool makes_norm_gradient(const Op& op) const {
    return op.norms.after != kNone && ops[op.norms.after].norms.gradient_deferred;
  }
  const OpRegion& region_of(std::size_t op) const;
};

/// What one of `parts` threads has of the rows of an image.
inline RowRange rows_of_part(int height, int part, int parts) {
  return {part * height / parts, (part + 1) * height / parts};
}

/// A further input of the network: a value without an op.
constexpr bool is_input(const Layer& layer) {
  return std::holds_alternative<Input>(layer);
}

/// What the memory plan must know of an op: its layer's traits, or, for a fused one, see KernelBase::fuses.
Traits traits_of(const Plan&, const Op&);
bool reads_input_in_backward(const Plan&, const Op&);

/// The whole way: one op a layer, then every pass that is not left out, then memory.
template <class T>
Plan make_plan(const BasicNetwork<T>& network, const PlanOptions&);

}  // namespace lineament
