// Pass: in training, the outputs of 1x1 convolutions that widen few channels are not kept until backward: those
// convolutions run again. They are the largest values of networks of inverted residuals, and the cheapest to compute.
// Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// A value of the output costs as many multiply-adds as there are channels in. Few: in the named networks all that runs
/// again is at most 3 % of a step's multiply-adds.
constexpr int kFewChannels = 32;

bool is_cheap(const Plan& plan, const Op& op) {
  const auto* conv = std::get_if<Conv2d>(&op.problem.layer);
  if (conv == nullptr || conv->kernel != 1 || !conv->is_plain() || conv->stride != 1 || conv->groups != 1) return false;
  const int in = op.problem.inputs[0].channels(), out = op.problem.output.channels();
  return in <= kFewChannels && out >= 2 * in && op.recomputed.empty() && !Plan::is_fused(op) &&
         !plan.is_output(op.output);
}

/// The op that makes the output of the norm after `op` itself while it reads it, if nobody else reads either; otherwise
/// none.
std::size_t reader_of(const Plan& plan, const Op& op) {
  for (std::size_t s = 0; s < plan.ops.size(); ++s) {
    const std::size_t norm = plan.ops[s].norms.before;
    if (norm != kNone && plan.ops[norm].inputs[0] == op.output &&
        only_reader(*plan.spec, op.output) == plan.ops[norm].node)
      return s;
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
