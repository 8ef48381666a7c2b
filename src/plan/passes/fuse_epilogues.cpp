// Pass: the sum, the ReLU or hard-swish, and the 2x2 max-pool that alone read what an op outputs become its epilogue,
// as far as its kernel can: nothing between them is written to memory.
#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

/// What a sum of two adds to `value`, if that is there before `node` runs; otherwise `value` itself.
ValueId added_to(ValueId value, NodeId node, const Node& sum) {
  if (!std::holds_alternative<Add>(sum.layer) || sum.input_ids().size() != 2) return value;
  const ValueId other = sum.input_ids()[0] == value ? sum.input_ids()[1] : sum.input_ids()[0];
  return other < node ? other : value;
}

class Fuser {
 public:
  Fuser(const Plan& plan, std::size_t op, Op& fused) : plan_(plan), region_(plan.region_of(op)), op_(fused) {}

  void run() {
    const Spec& spec = *plan_.spec;
    NodeId reader = next();
    if (reader != 0 && !plan_.training()) {
      const ValueId other = added_to(op_.output, op_.node, spec[reader]);
      if (other != op_.output && accept(reader, {.add = true})) {
        op_.inputs.push_back(other);
        reader = next();
      }
    }
    Epilogue e = op_.problem.epilogue;
    e.relu = true;
    if (reader != 0 && !std::holds_alternative<ReLU>(spec[op_.node].layer) &&
        std::holds_alternative<ReLU>(spec[reader].layer) && accept(reader, e))
      reader = next();
    e = op_.problem.epilogue;
    e.hard_swish = true;
    if (reader != 0 && !e.relu && std::holds_alternative<HardSwish>(spec[reader].layer) && accept(reader, e))
      reader = next();
    if (reader == 0) return;
    const auto* pool = std::get_if<MaxPool>(&spec[reader].layer);
    e = op_.problem.epilogue;
    e.max_pool = true;
    if (pool != nullptr && pool->kernel == 2 && pool->stride == 2) accept(reader, e);
  }

 private:
  /// The layer that alone reads the op's output, in the same region; otherwise 0.
  NodeId next() const {
    const NodeId reader = only_reader(*plan_.spec, op_.output);
    return reader <= plan_.ops[region_.end - 1].node ? reader : 0;
  }
  bool accept(NodeId reader, const Epilogue& epilogue) {
    if (!op_.kernel->fuses(op_.problem, epilogue)) return false;
    op_.problem.epilogue = epilogue;
    op_.output = reader;
    return true;
  }

  const Plan& plan_;
  const OpRegion& region_;
  Op& op_;
};

}  // namespace

void fuse_epilogues(Plan& plan) {
  std::vector<bool> gone(plan.values.size(), false);
  const auto is_gone = [&](const Op& op) { return gone[static_cast<std::size_t>(op.node)]; };
  for (std::size_t i = 0; i < plan.ops.size(); ++i) {
    Op& op = plan.ops[i];
    if (is_gone(op)) continue;
    Fuser(plan, i, op).run();
    for (NodeId id = op.node; id != op.output;) {
      id = only_reader(*plan.spec, id);
      gone[static_cast<std::size_t>(id)] = true;
    }
  }
  for (OpRegion& region : plan.regions) {
    const auto left_before = [&](std::size_t end) {
      return static_cast<std::size_t>(std::count_if(plan.ops.begin(),
                                                    plan.ops.begin() + static_cast<std::ptrdiff_t>(end),
                                                    [&](const Op& op) { return !is_gone(op); }));
    };
    region = {region.kind, left_before(region.begin), left_before(region.end)};
  }
  std::erase_if(plan.ops, is_gone);
}

}  // namespace lineament
