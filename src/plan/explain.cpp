#include "plan/explain.hpp"

namespace lineament {
namespace {

std::string layers_of(const Plan& plan, const Op& op) {
  const Spec& spec = *plan.spec;
  std::string layers = spec[op.node].name.str();
  // A fused chain: every layer but the last is read by the next one alone.
  for (NodeId id = op.node; id != op.output;) {
    id = only_reader(spec, id);
    layers += " + " + spec[id].name.str();
  }
  return layers;
}

std::string_view name(OpRegion::Kind kind) {
  return kind == OpRegion::Kind::together ? "together" : kind == OpRegion::Kind::by_image ? "by image" : "by rows";
}

}  // namespace

std::vector<PlannedOp> explain(const Plan& plan) {
  std::vector<PlannedOp> rows;
  for (std::size_t s = 0; s < plan.ops.size(); ++s) {
    const Op& op = plan.ops[s];
    const Value& out = plan.value(op.output);
    const MemoryPlan::Entry& memory = plan.memory.entry(out.memory);
    const bool deferred = op.norms.output_deferred;
    const Needs needs = op.kernel->needs(op.problem);
    PlannedOp row{
        .layers = layers_of(plan, op),
        .kernel = std::string(op.kernel->name()),
        .refused = {},
        .region = std::string(name(plan.region_of(s).kind)),
        .output = out.shape,
        .type = out.bytes                              ? "u8"
                : plan.options.scalar == sizeof(float) ? "f32"
                                                       : "f64",
        .bytes =
            deferred ? 0 : memory.lifetime.size * (out.per_thread ? static_cast<std::size_t>(plan.options.threads) : 1),
        .from = memory.lifetime.begin,
        .to = memory.lifetime.end,
        .again_from = 0,
        .again_to = 0,
        .workspace = needs.scratch,
        .packed = needs.packed};
    if (out.again != kNone && !deferred) {
      row.again_from = plan.memory.entry(out.again).lifetime.begin;
      row.again_to = plan.memory.entry(out.again).lifetime.end;
    }
    for (const Refusal& r : op.refused) row.refused.push_back(r.kernel + ": " + r.reason);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace lineament
