#include "plan/plan.hpp"

#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {

bool Plan::is_output(ValueId id) const {
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

const OpRegion& Plan::region_of(std::size_t op) const {
  return *std::find_if(regions.begin(), regions.end(), [&](const OpRegion& r) { return op < r.end; });
}

Traits traits_of(const Plan& plan, const Op& op) {
  const Traits traits = traits_of(plan.layer(op));
  if (!Plan::is_fused(op)) return traits;
  return {.inputs = traits.inputs,
          .backward_reads_input = true,
          .backward_reads_output = op.kernel->abilities(op.problem).relu_by_output && !op.problem.epilogue.max_pool};
}

bool reads_input_in_backward(const Plan& plan, const Op& op) {
  return traits_of(plan, op).backward_reads_input;
}

namespace {

Op op_of(const Spec& spec, const Shapes& shapes, NodeId id, const PlanOptions& options) {
  Op op;
  op.node = op.output = id;
  const std::span<const NodeId> from = spec[id].input_ids();
  op.inputs.assign(from.begin(), from.end());
  op.problem.layer = spec[id].layer;
  for (const NodeId input : from) op.problem.inputs.push_back(shapes[input]);
  op.problem.output = shapes[id];
  op.problem.batch = options.batch;
  op.problem.mode = options.mode;
  op.problem.threads = options.threads;
  op.problem.precision = options.precision;
  return op;
}

/// One op a layer, all in one region.
Plan lower(const Spec& spec, const Shapes& shapes, const PlanOptions& options) {
  Plan plan;
  plan.spec = &spec;
  plan.shapes = &shapes;
  plan.options = options;
  for (const NodeId id : spec.inputs()) plan.inputs.push_back(id);
  for (const NodeId id : spec.outputs()) plan.outputs.push_back(id);
  plan.values.resize(static_cast<std::size_t>(spec.size()) + 1);
  for (NodeId id = 0; id <= spec.size(); ++id) {
    plan.value(id).shape = shapes[id];
    plan.value(id).batch = options.batch;
    if (id == Spec::kInput) continue;
    if (!is_input(spec[id].layer)) plan.ops.push_back(op_of(spec, shapes, id, options));
  }
  plan.regions = {{OpRegion::Kind::together, 0, plan.ops.size()}};
  return plan;
}

}  // namespace

template <class T>
Plan make_plan(const BasicNetwork<T>& network, const PlanOptions& options) {
  Plan plan = lower(network.spec(), network.shapes(), options);
  const auto run = [&](Pass pass, void (*f)(Plan&)) {
    if (plan.runs(pass)) f(plan);
  };
  if (!plan.training()) run(Pass::partition, partition_images);
  set_precision(plan);
  choose_kernels<T>(plan);
  run(Pass::fuse_epilogues, fuse_epilogues);
  if (plan.training()) {
    run(Pass::defer_norms, defer_norms);
    run(Pass::recompute, recompute);
    run(Pass::rematerialise, rematerialise);
  } else {
    run(Pass::quantise, quantise);
    run(Pass::partition, partition_rows);
  }
  plan_memory(plan);
  return plan;
}

template Plan make_plan(const BasicNetwork<float>&, const PlanOptions&);
template Plan make_plan(const BasicNetwork<double>&, const PlanOptions&);

}  // namespace lineament
