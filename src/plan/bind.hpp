// From a plan to calls: where an op's values, gradients, parameters and workspaces lie. Included by executor.cpp alone.
#pragma once
#include <algorithm>

#include "plan/executor.hpp"

namespace lineament {
namespace {

/// In the order of the layer's own list, which is not that of the buffer: statistics lie after all weights there.
template <class T>
void bind_parameters(const Op& op, BasicNetwork<T>& network, std::span<T> gradients, BoundOp<T>& bound) {
  for (const ParamInfo& info : network.params_of(op.node)) {
    bound.params.push_back(network.values(info));
    bound.statistics.push_back(info.trainable ? std::span<T>() : network.values(info));
    bound.param_gradients.push_back(info.trainable ? gradients.subspan(info.offset, info.size) : std::span<T>());
  }
}

template <class T>
struct Binder {
  Plan& plan;
  std::vector<BoundOp<T>>& bound;
  Threads &threads, &alone;

  void bind_forward(std::size_t s, std::span<const std::byte> packed);
  void bind_backward(std::size_t s);
  void bind_again(std::size_t s);

 private:
  /// A value as the op sees it: one image of a batch in a region by image. Without data where it lies as bytes.
  View<T> view(const Op& op, ValueId id, std::size_t copy) const {
    const Value& v = plan.value(id);
    return {v.bytes ? nullptr : plan.memory.template get<T>(v.memory, copy).data(), op.problem.batch, v.shape};
  }
  T* kept(ValueId id) const { return plan.memory.template get<T>(plan.value(id).in_backward()).data(); }
  Bytes bytes(ValueId id, std::size_t copy) const {
    const Value& v = plan.value(id);
    if (!v.bytes) return {};
    return {plan.memory.template get<std::uint8_t>(v.memory, copy).data(), v.bytes};
  }
  std::size_t image_step(const Op& op, ValueId id) const {
    return plan.value(id).batch > op.problem.batch ? plan.value(id).shape.size() : 0;
  }
  NormFactors norm_factors(std::size_t norm) const {
    if constexpr (std::is_same_v<T, float>)
      if (norm != kNone) {
        const Op& op = plan.ops[norm];
        return op.kernel->norm_factors(op.problem, plan.memory.template get<std::byte>(op.memory.saved),
                                       bound[norm].params[1]);
      }
    return {};
  }
  NormBlocks sums(NormBlocks blocks, MemoryPlan::Id memory) const {
    blocks.sums = plan.memory.template get<float>(memory).data();
    return blocks;
  }
  void bind_copy(std::size_t s, std::size_t copy, bool alone_in_region, ForwardCall<T>& call);
  void bind_rows(std::size_t s, std::size_t part, ForwardCall<T>& call);
};

template <class T>
void Binder<T>::bind_forward(std::size_t s, std::span<const std::byte> packed) {
  const OpRegion& region = plan.region_of(s);
  const bool together = region.kind == OpRegion::Kind::together;
  std::vector<ForwardCall<T>>& calls = bound[s].forward;
  calls.resize(together ? 1 : static_cast<std::size_t>(plan.options.threads));
  for (std::size_t copy = 0; copy < calls.size(); ++copy) {
    bind_copy(s, copy, !together, calls[copy]);
    calls[copy].args.packed = packed;
    if (region.kind == OpRegion::Kind::by_rows) bind_rows(s, copy, calls[copy]);
  }
  if (region.kind == OpRegion::Kind::by_image) bound[s].first_image = calls;
}

template <class T>
void Binder<T>::bind_copy(std::size_t s, std::size_t copy, bool alone_in_region, ForwardCall<T>& call) {
  const Op& op = plan.ops[s];
  for (const ValueId input : op.inputs) {
    const View<T> v = view(op, input, copy);
    call.inputs.push_back({v.data, v.batch, v.shape});
    call.input_steps.push_back(image_step(op, input));
  }
  call.output_step = image_step(op, op.output);
  KernelForward<T>& a = call.args;
  a.inputs = call.inputs;
  if (!op.norms.output_deferred) a.output = view(op, op.output, copy);
  a.output.batch = op.problem.batch;
  a.output.shape = plan.value(op.output).shape;
  a.input_bytes = {bytes(op.inputs[0], copy).data, plan.value(op.inputs[0]).bytes};
  a.output_bytes = bytes(op.output, copy);
  a.params = bound[s].params;
  a.statistics = bound[s].statistics;
  a.saved = plan.memory.template get<std::byte>(op.memory.saved);
  a.mode = plan.options.mode;
  a.scratch = plan.memory.template get<std::byte>(op.memory.scratch, copy);
  a.threads = alone_in_region ? &alone : &threads;
  a.norm = norm_factors(op.norms.before);
  const Op& norm = op.norms.after == kNone ? op : plan.ops[op.norms.after];
  if (plan.training()) a.moments = sums(norm.norms.moments, norm.memory.moments);
}

/// A part's share of the rows, and those of the input that others write.
template <class T>
void Binder<T>::bind_rows(std::size_t s, std::size_t part, ForwardCall<T>& call) {
  const Op& op = plan.ops[s];
  const int parts = plan.options.threads, own = static_cast<int>(part);
  call.args.rows = rows_of_part(plan.value(op.output).shape.height(), own, parts);
  const std::size_t scratch = call.args.scratch.size() / static_cast<std::size_t>(parts);
  call.args.scratch = call.args.scratch.subspan(part * scratch, scratch);
  const Value& in = plan.value(op.inputs[0]);
  if (!in.per_thread) return;
  const std::size_t row = static_cast<std::size_t>(in.shape.width()) * static_cast<std::size_t>(in.shape.channels()) *
                          (in.bytes ? 1 : sizeof(T));
  const RowRange read = op.rows_read[part];
  for (int other = 0; other < parts; ++other) {
    const RowRange theirs = rows_of_part(in.shape.height(), other, parts);
    const int first = std::max(read.begin, theirs.begin), end = std::min(read.end, theirs.end);
    if (other == own || first >= end) continue;
    const auto place = [&](std::size_t copy) {
      return plan.memory.template get<std::byte>(in.memory, copy).data() + static_cast<std::size_t>(first) * row;
    };
    call.rows_of_others.push_back(
        {place(static_cast<std::size_t>(other)), place(part), static_cast<std::size_t>(end - first) * row});
  }
}

template <class T>
void Binder<T>::bind_backward(std::size_t s) {
  const Op& op = plan.ops[s];
  BackwardCall<T>& call = bound[s].backward;
  KernelBackward<T>& a = call.args;
  call.inputs = bound[s].forward[0].inputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) call.inputs[i].data = kept(op.inputs[i]);
  for (std::size_t i = 0; i < op.recomputed.size(); ++i) {
    const Term& term = op.recomputed[i];
    if (i == 0)
      call.inputs[0].data = kept(term.value);  // a gate goes with the only term
    else if constexpr (std::is_same_v<T, float>)
      call.added.push_back({kept(term.value), norm_factors(term.norm)});
  }
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Value& in = plan.value(op.inputs[i]);
    const MemoryPlan::Id id = op.memory.input_gradients[i];
    const std::span<T> share = id == kNone ? std::span<T>() : plan.memory.template get<T>(id);
    call.input_gradients.push_back({share.data(), plan.options.batch, in.shape});
    if (op.memory.summed[i]) call.sums.push_back({share, plan.memory.template get<T>(in.gradient)});
  }
  const KernelForward<T>& f = bound[s].forward[0].args;
  View<T> output = view(op, op.output, 0);
  output.data = kept(op.output);
  a.inputs = call.inputs;
  a.output = {output.data, output.batch, output.shape};
  a.output_gradient = {plan.memory.template get<T>(plan.value(op.output).gradient).data(), output.batch, output.shape};
  a.input_gradients = call.input_gradients;
  a.params = f.params;
  a.param_gradients = bound[s].param_gradients;
  a.saved = f.saved;
  a.scratch = plan.memory.template get<std::byte>(op.memory.backward_scratch);
  a.threads = &threads;
  a.norm = norm_factors(op.recomputed.empty() ? op.norms.before : op.recomputed.front().norm);
  a.added = call.added;
  if constexpr (std::is_same_v<T, float>)
    if (!op.recomputed.empty() && op.recomputed.front().gate) {
      const Shape& shape = plan.value(op.inputs[0]).shape;
      a.gate = {kept(*op.recomputed.front().gate), shape.size() / static_cast<std::size_t>(shape.channels())};
    }
  if (plan.makes_norm_gradient(op)) a.output_norm = norm_factors(op.norms.after);
  const Op& norm = op.norms.before == kNone ? op : plan.ops[op.norms.before];
  a.sums = sums(norm.norms.gradient_sums, norm.memory.gradient_sums);
}

/// Takes no sums for a norm: it has them.
template <class T>
void Binder<T>::bind_again(std::size_t s) {
  const Op& op = plan.ops[s];
  if (op.again_before == kNone) return;
  KernelForward<T> args = bound[s].forward[0].args;
  args.output.data = kept(op.output);
  args.scratch = plan.memory.template get<std::byte>(op.memory.again_scratch);
  args.moments = {};
  bound[op.again_before].backward.again.push_back({s, args});
}

}  // namespace
}  // namespace lineament
