// Pass: in training, the outputs of convolutions that are cheap to compute are not kept until backward: 1x1
// convolutions that widen few channels, and a network's first convolution, of three channels. Those run again. Their
// outputs are the largest values of a network.
// Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// Multiply-adds for a value of the output: channels in, times the window's pixels. Few: in the named networks all that
/// runs again is at most 7 % of a step's multiply-adds.
constexpr int kFewProducts = 32;

bool is_cheap(const Plan& plan, const Op& op) {
  const auto* conv = std::get_if<Conv2d>(&op.problem.layer);
  if (conv == nullptr || !conv->is_plain() || conv->groups != 1) return false;
  const int in = op.problem.inputs[0].channels(), out = op.problem.output.channels();
  return conv->kernel * conv->kernel * in <= kFewProducts && out >= 2 * in && op.recomputed.empty() &&
         !Plan::is_fused(op) && !plan.is_output(op.output);
}

/// The op whose backward is the first to read the output, if that belongs to a norm alone: what makes the norm's output
/// itself while it reads it, or the norm where a max-pool is fused into it. Otherwise none.
std::size_t reader_of(const Plan& plan, const Op& op) {
  const NodeId only = only_reader(*plan.spec, op.output);
  for (std::size_t s = 0; s < plan.ops.size(); ++s) {
    const Op& other = plan.ops[s];
    const std::size_t norm = other.kernel->is_norm() && other.problem.epilogue.max_pool ? s : other.norms.before;
    if (norm != kNone && plan.ops[norm].inputs[0] == op.output && only == plan.ops[norm].node) return s;
  }
  return kNone;
}

/// Its own input is computed again, but only after it would be wanted.
bool reads_rematerialised(const Plan& plan, const Op& op) {
  if (op.norms.before == kNone) return false;
  const ValueId input = plan.ops[op.norms.before].inputs[0];
  return std::any_of(plan.ops.begin(), plan.ops.end(),
                     [&](const Op& other) { return other.output == input && other.again_before != kNone; });
}

}  // namespace

void rematerialise(Plan& plan) {
  for (Op& op : plan.ops)
    if (is_cheap(plan, op) && !reads_rematerialised(plan, op)) op.again_before = reader_of(plan, op);
}

}  // namespace lineament
