// Pass: in training, a batch norm's output or gradient gets no place in memory where the convolution after or before it
// makes it while it reads; and that convolution takes the sums the norm needs while it has the values at hand.
#include "plan/passes/passes.hpp"

namespace lineament {

void defer_norms(Plan& plan) {
  const Spec& spec = *plan.spec;
  for (std::size_t n = 0; n < plan.ops.size(); ++n) {
    Op& norm = plan.ops[n];
    if (!norm.kernel->is_norm()) continue;
    const bool pooled = norm.problem.epilogue.max_pool;  // then its passes stay, but for the sums of its input
    for (Op& other : plan.ops) {
      const Abilities can = other.kernel->abilities(other.problem);
      if (can.reads_norm && !pooled && other.inputs[0] == norm.output && other.node == only_reader(spec, norm.output)) {
        other.norms.before = n;
        norm.norms.output_deferred = true;
        norm.norms.gradient_sums = other.kernel->norm_blocks(other.problem, Side::input);
      }
      if (can.writes_norm_gradient && other.output == norm.inputs[0] && !Plan::is_fused(other) &&
          only_reader(spec, other.output) == norm.node) {
        other.norms.after = n;
        norm.norms.gradient_deferred = !pooled;
        norm.norms.moments = other.kernel->norm_blocks(other.problem, Side::output);
      }
    }
  }
}

}  // namespace lineament
