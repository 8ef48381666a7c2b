// Pass: from when to when every value, gradient and workspace is needed, and so where it lies: what is never needed at
// the same time shares memory. Time runs 1 … n through the ops forward and n + 1 … 2n back through them.

#include <algorithm>

#include "plan/passes/passes.hpp"

namespace lineament {
namespace {

class Lifetimes {
 public:
  explicit Lifetimes(Plan& plan) : plan_(plan), keep_(plan.values.size(), false) {}

  void run() {
    plan_values();
    if (plan_.training()) {
      plan_gradients();
      plan_norm_sums();
    }
    plan_.memory.commit(plan_.options.threads, plan_.runs(Pass::share_memory));
  }

 private:
  int last_time() const { return (plan_.training() ? 2 : 1) * static_cast<int>(plan_.ops.size()) + 1; }
  int backward_time(int forward_time) const { return 2 * static_cast<int>(plan_.ops.size()) + 1 - forward_time; }
  std::size_t bytes(const Value& v) const {
    return v.shape.size() * static_cast<std::size_t>(v.batch) * (v.bytes ? 1 : plan_.options.scalar);
  }
  MemoryPlan::Id add(const Value& v, int time) { return plan_.memory.add(bytes(v), time, time, v.per_thread); }
  void extend(MemoryPlan::Id id, int time) { plan_.memory.extend(id, time); }
  /// Until a time of the backward pass.
  void keep(ValueId id, int time) { extend(plan_.value(id).in_backward(), time); }
  bool keeps(ValueId id) const { return keep_[static_cast<std::size_t>(id)]; }

  void plan_values();
  void plan_workspace(Op& op, int now);
  void plan_regions();
  bool works_in_place(const Op& op) const;
  void plan_gradients();
  void plan_gradients_of(Op& op, int now);
  MemoryPlan::Id plan_input_gradient(const Op& op, ValueId input, int now);
  void plan_norm_sums();

  Plan& plan_;
  std::vector<bool> keep_;  // by ValueId: a backward op reads it as its own output, so nothing may write over it
};

/// ReLU, dropout and flatten, where nobody else reads the value. Two views of one value never meet in one layer.
bool Lifetimes::works_in_place(const Op& op) const {
  const Traits traits = traits_of(plan_, op);
  const ValueId source = op.inputs[0];
  const Value &in = plan_.value(source), &out = plan_.value(op.output);
  if (!traits.forward_in_place || !plan_.runs(Pass::share_memory)) return false;
  if (in.batch != out.batch || in.per_thread != out.per_thread) return false;
  // Inputs stay as the user left them in training.
  const bool is_input = std::find(plan_.inputs.begin(), plan_.inputs.end(), source) != plan_.inputs.end();
  return only_reader(*plan_.spec, source) == op.node && !(is_input && plan_.training()) &&
         (traits.forward_keeps_values || !keeps(source));
}

void Lifetimes::plan_workspace(Op& op, int now) {
  const Needs needs = op.kernel->needs(op.problem);
  const bool training = plan_.training();
  op.memory.saved = plan_.memory.add(needs.saved, now, training ? backward_time(now) : now);
  // When inferring, what is packed is kept for good, and sessions share it: see weights.hpp.
  op.memory.packed = plan_.memory.add(training ? needs.packed : 0, now, now);
  const bool alone = plan_.region_of(static_cast<std::size_t>(now - 1)).kind == OpRegion::Kind::by_image;
  op.memory.scratch = plan_.memory.add(needs.scratch, now, now, alone);
  if (op.again_before == kNone) return;
  const int again = backward_time(static_cast<int>(op.again_before) + 1);
  extend(op.memory.packed, again);
  op.memory.again_scratch = plan_.memory.add(needs.scratch, again, again);
}

void Lifetimes::plan_values() {
  for (const ValueId input : plan_.inputs) plan_.value(input).memory = add(plan_.value(input), 0);
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    Op& op = plan_.ops[s];
    const Traits traits = traits_of(plan_, op);
    const int now = static_cast<int>(s) + 1;
    Value& out = plan_.value(op.output);
    const auto at = static_cast<std::size_t>(op.output);
    if (op.norms.output_deferred || works_in_place(op)) {
      out.memory = plan_.value(op.inputs[0]).memory;
      out.again = plan_.value(op.inputs[0]).again;
      keep_[at] = keeps(op.inputs[0]);
    } else {
      out.memory = add(out, now);
      if (op.again_before != kNone) out.again = add(out, backward_time(static_cast<int>(op.again_before) + 1));
    }
    extend(out.memory, now);
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      extend(plan_.value(op.inputs[i]).memory, now);
      const bool kept = i > 0 || op.recomputed.empty();
      if (plan_.training() && traits.backward_reads_input && kept) keep(op.inputs[i], backward_time(now));
    }
    for (const Term& term : op.recomputed) {
      keep(term.value, backward_time(now));
      if (term.gate) keep(*term.gate, backward_time(now));
    }
    if (plan_.training() && traits.backward_reads_output) {
      keep(op.output, backward_time(now));
      keep_[at] = true;
    }
    plan_workspace(op, now);
  }
  for (const ValueId output : plan_.outputs) extend(plan_.value(output).memory, last_time());
  plan_regions();
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    const Op& op = plan_.ops[s];
    if (!plan_.makes_norm_gradient(op)) continue;
    const int then = backward_time(static_cast<int>(s) + 1);
    keep(op.output, then);
    extend(plan_.ops[op.norms.after].memory.saved, then);
  }
}

/// One thread may be at the last op of a region while another is at its first: what threads share, and the copies of
/// rows, which they read from each other, must lie apart for the whole of it.
void Lifetimes::plan_regions() {
  for (const OpRegion& region : plan_.regions) {
    if (region.kind == OpRegion::Kind::together) continue;
    const bool rows = region.kind == OpRegion::Kind::by_rows;
    for (std::size_t s = region.begin; s < region.end; ++s)
      for (const int time : {static_cast<int>(region.begin) + 1, static_cast<int>(region.end)}) {
        const auto hold = [&](ValueId id) {
          if (rows || !plan_.value(id).per_thread) extend(plan_.value(id).memory, time);
        };
        hold(plan_.ops[s].output);
        for (const ValueId input : plan_.ops[s].inputs) hold(input);
        if (rows) extend(plan_.ops[s].memory.scratch, time);
      }
  }
}

void Lifetimes::plan_gradients() {
  const int begin = static_cast<int>(plan_.ops.size()) + 1;
  for (const ValueId output : plan_.outputs) plan_.value(output).gradient = add(plan_.value(output), begin);
  for (std::size_t s = plan_.ops.size(); s-- > 0;)
    plan_gradients_of(plan_.ops[s], backward_time(static_cast<int>(s) + 1));
  if (plan_.options.input_gradient) extend(plan_.value(Spec::kInput).gradient, last_time());
}

void Lifetimes::plan_gradients_of(Op& op, int now) {
  OpMemory& m = op.memory;
  const MemoryPlan::Id own = plan_.value(op.output).gradient;
  extend(own, now);
  m.backward_scratch = plan_.memory.add(op.kernel->needs(op.problem).scratch, now, now);
  if (op.norms.gradient_deferred) {
    plan_.value(op.inputs[0]).gradient = own;
    m.input_gradients.push_back(kNone);
    m.summed.push_back(false);
    return;
  }
  for (const ValueId input : op.inputs) {
    const bool wanted = input == Spec::kInput ? plan_.options.input_gradient : !is_input((*plan_.spec)[input].layer);
    m.summed.push_back(wanted && plan_.value(input).gradient != kNone);
    m.input_gradients.push_back(wanted ? plan_input_gradient(op, input, now) : kNone);
  }
}

/// Where an op writes the gradient with respect to one of its inputs.
MemoryPlan::Id Lifetimes::plan_input_gradient(const Op& op, ValueId input, int now) {
  Value& value = plan_.value(input);
  if (value.gradient != kNone) {  // another reader wrote it before: this one's share is added
    extend(value.gradient, now);
    return add(value, now);
  }
  const Traits traits = traits_of(plan_, op);
  const bool alone = only_reader(*plan_.spec, input) == op.node && plan_.runs(Pass::share_memory);
  if (alone && op.kernel->abilities(op.problem).gradient_over_input && traits.backward_reads_input && !keeps(input) &&
      input != Spec::kInput) {
    value.gradient = value.in_backward();
    extend(value.gradient, now);
  } else {
    value.gradient = alone && traits.backward_in_place ? plan_.value(op.output).gradient : add(value, now);
  }
  return value.gradient;
}

/// Memory for what convolutions tell batch norms: from the one's op to the other's.
void Lifetimes::plan_norm_sums() {
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    Op& op = plan_.ops[s];
    const int now = static_cast<int>(s) + 1;
    const auto plan = [&](const NormBlocks& blocks, int begin, int end) {
      const auto channels = static_cast<std::size_t>((*plan_.shapes)[op.node].channels());
      return plan_.memory.add(blocks.count() * 2 * channels * sizeof(float), begin, end);
    };
    int before = now, after = now;
    for (std::size_t other = 0; other < plan_.ops.size(); ++other) {
      if (plan_.ops[other].norms.after == s) before = static_cast<int>(other) + 1;
      if (plan_.ops[other].norms.before == s) after = static_cast<int>(other) + 1;
    }
    op.memory.moments = plan(op.norms.moments, before, now);
    op.memory.gradient_sums = plan(op.norms.gradient_sums, backward_time(after), backward_time(now));
  }
}

}  // namespace

void plan_memory(Plan& plan) {
  Lifetimes(plan).run();
}

}  // namespace lineament
