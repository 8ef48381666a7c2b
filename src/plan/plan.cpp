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

/// One op a layer, all in one region.
Plan lower(const Spec& spec, const Shapes& shapes, const PlanOptions& options) {
  Plan plan{.spec = &spec, .shapes = &shapes, .options = options};
  for (NodeId id = 0; id <= spec.size(); ++id) plan.values.push_back({.shape = shapes[id], .batch = options.batch});
  plan.outputs = {spec.last()};
  for (NodeId id = 1; id <= spec.size(); ++id) {
    const auto from = spec[id].input_ids();
    Op op{.node = id, .output = id, .inputs = {from.begin(), from.end()}};
    op.problem = {.layer = spec[id].layer,
                  .output = shapes[id],
                  .batch = options.batch,
                  .mode = options.mode,
                  .threads = options.threads,
                  .precision = options.precision};
    for (const NodeId input : from) op.problem.inputs.push_back(shapes[input]);
    plan.ops.push_back(std::move(op));
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
