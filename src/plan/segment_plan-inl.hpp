// How the memory of a Segment is planned, and where its steps find it: included by segment.cpp alone.
#pragma once
#include <algorithm>

#include "plan/segment.hpp"

namespace lineament {
namespace {

/// What the memory plan must know of a step: for a fused one see Kernel::fuses.
template <class T>
Traits traits_of(const Step<T>& step, const Spec& spec) {
  const Traits traits = traits_of(spec[step.node].layer);
  if (step.output == step.node) return traits;
  return {.inputs = traits.inputs,
          .backward_reads_input = true,
          .backward_reads_output = step.kernel.relu_by_output && !step.epilogue.max_pool};
}

}  // namespace

template <class T>
std::size_t Segment<T>::value_bytes(NodeId id) const {
  if (options_.ends_outside && (id == options_.input || id == last())) return 0;
  return shape(id).size() * static_cast<std::size_t>(options_.session.batch) * (is_bytes(id) ? 1 : sizeof(T));
}

template <class T>
bool Segment<T>::is_bytes(NodeId id) const {
  return std::any_of(steps_.begin(), steps_.end(), [&](const Step<T>& s) { return s.output == id && s.output_bytes; });
}

template <class T>
bool Segment<T>::works_in_place(const Step<T>& step) const {
  const Traits traits = traits_of(step, spec());
  const NodeId source = step.sources[0];
  if (!traits.forward_in_place || (options_.ends_outside && (step.output == last() || source == options_.input)))
    return false;
  // Two views of one value must never meet in one layer, so sharing asks for a single reader. The input stays as the
  // user left it in training.
  return only_reader(spec(), source) == step.node && (source != Spec::kInput || !training()) &&
         (traits.forward_keeps_values || !keep_[static_cast<std::size_t>(source)]);
}

template <class T>
void Segment<T>::plan_values() {
  values_[static_cast<std::size_t>(options_.input)] = memory_.add(value_bytes(options_.input), 0, 0);
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const Step<T>& step = steps_[s];
    const Traits traits = traits_of(step, spec());
    const int now = static_cast<int>(s) + 1;
    const auto out = static_cast<std::size_t>(step.output), in = static_cast<std::size_t>(step.sources[0]);
    if (step.output_deferred || works_in_place(step)) {
      values_[out] = values_[in];
      keep_[out] = keep_[in];
    } else {
      values_[out] = memory_.add(value_bytes(step.output), now, now, bands_.by_rows[out]);
    }
    memory_.extend(values_[out], now);
    for (const NodeId input : step.sources) {
      memory_.extend(values_[static_cast<std::size_t>(input)], now);
      if (training() && traits.backward_reads_input && step.made_of.empty())
        memory_.extend(values_[static_cast<std::size_t>(input)], backward_time(now));
    }
    for (const auto& term : step.made_of)
      memory_.extend(values_[static_cast<std::size_t>(term.value)], backward_time(now));
    if (training() && traits.backward_reads_output) {
      memory_.extend(values_[out], backward_time(now));
      keep_[out] = true;
    }
    StepMemory& m = step_memory_[s];
    m.saved = memory_.add(step.kernel.saved_bytes, now, training() ? backward_time(now) : now);
    m.packed = memory_.add(step.kernel.packed_size * sizeof(T), training() ? now : 0, training() ? now : last_time());
    m.forward_scratch = memory_.add(step.kernel.scratch_size * sizeof(T), now, now);
  }
  memory_.extend(values_[static_cast<std::size_t>(last())], last_time());
  plan_bands();
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    if (steps_[s].norm_behind == Step<T>::kNone) continue;
    const int then = backward_time(static_cast<int>(s) + 1);
    memory_.extend(values_[static_cast<std::size_t>(steps_[s].output)], then);
    memory_.extend(step_memory_[steps_[s].norm_behind].saved, then);
  }
}

/// One thread may be at the last step of a band while another is at its first: what any step of it uses must lie apart.
template <class T>
void Segment<T>::plan_bands() {
  for (std::size_t begin = 0; begin < steps_.size(); begin = bands_.end[begin]) {
    const std::size_t end = bands_.end[begin];
    for (std::size_t s = begin; s < end; ++s)
      for (const int time : {static_cast<int>(begin) + 1, static_cast<int>(end)}) {
        memory_.extend(values_[static_cast<std::size_t>(steps_[s].output)], time);
        for (const NodeId input : steps_[s].sources) memory_.extend(values_[static_cast<std::size_t>(input)], time);
        memory_.extend(step_memory_[s].forward_scratch, time);
      }
  }
}

template <class T>
void Segment<T>::plan_gradients() {
  const auto end = static_cast<std::size_t>(last());
  gradients_[end] =
      memory_.add(value_bytes(last()), static_cast<int>(steps_.size()) + 1, static_cast<int>(steps_.size()) + 1);
  has_gradient_[end] = true;
  for (std::size_t s = steps_.size(); s-- > 0;) {
    const Step<T>& step = steps_[s];
    const int now = backward_time(static_cast<int>(s) + 1);
    const MemoryPlan::Id own = gradients_[static_cast<std::size_t>(step.output)];
    memory_.extend(own, now);
    StepMemory& m = step_memory_[s];
    m.backward_scratch = memory_.add(step.kernel.scratch_size * sizeof(T), now, now);
    if (step.gradient_deferred) {
      const auto in = static_cast<std::size_t>(step.sources[0]);
      gradients_[in] = own;
      has_gradient_[in] = true;
      m.wanted.push_back(false);
      m.summed.push_back(false);
      m.input_gradients.push_back(own);
      continue;
    }
    for (const NodeId input : step.sources) {
      const bool wanted = input != Spec::kInput || options_.session.input_gradient;
      m.wanted.push_back(wanted);
      m.summed.push_back(wanted && has_gradient_[static_cast<std::size_t>(input)]);
      m.input_gradients.push_back(wanted ? plan_input_gradient(step, input, own, now) : own);
    }
  }
  if (options_.session.input_gradient) memory_.extend(gradients_[0], last_time());
}

/// Memory for what convolutions tell batch norms: from the one's step to the other's.
template <class T>
void Segment<T>::plan_norm_blocks() {
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    const int now = static_cast<int>(s) + 1;
    const auto plan = [&](const NormBlocks& blocks, int begin, int end) {
      const auto channels = static_cast<std::size_t>(shape(steps_[s].node).channels());
      return memory_.add(blocks.count() * 2 * channels * sizeof(float), begin, end);
    };
    int before = now, behind = now;
    for (std::size_t other = 0; other < steps_.size(); ++other) {
      if (steps_[other].norm_behind == s) before = static_cast<int>(other) + 1;
      if (steps_[other].norm_before == s) behind = static_cast<int>(other) + 1;
    }
    step_memory_[s].moments = plan(steps_[s].moments, before, now);
    step_memory_[s].gradient_sums = plan(steps_[s].gradient_sums, backward_time(behind), backward_time(now));
  }
}

/// Where a step writes the gradient by one of its inputs.
template <class T>
MemoryPlan::Id Segment<T>::plan_input_gradient(const Step<T>& step, NodeId input, MemoryPlan::Id own, int now) {
  const auto in = static_cast<std::size_t>(input);
  if (has_gradient_[in]) {  // another reader wrote it before: this one's share is added
    memory_.extend(gradients_[in], now);
    return memory_.add(value_bytes(input), now, now);
  }
  const Traits traits = traits_of(step, spec());
  const bool alone = only_reader(spec(), input) == step.node;
  MemoryPlan::Id id = own;
  if (alone && step.kernel.gradient_over_input && traits.backward_reads_input && !keep_[in] && input != Spec::kInput) {
    id = values_[in];
    memory_.extend(id, now);
  } else if (!alone || !traits.backward_in_place) {
    id = memory_.add(value_bytes(input), now, now);
  }
  gradients_[in] = id;
  has_gradient_[in] = true;
  return id;
}

template <class T>
void Segment<T>::bind_memory() {
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    Step<T>& step = steps_[s];
    const StepMemory& m = step_memory_[s];
    step.value = view(memory_.get<T>(values_[static_cast<std::size_t>(step.output)]), step.output);
    step.saved = memory_.get<std::byte>(m.saved);
    step.packed = memory_.get<T>(m.packed);
    step.forward_scratch = memory_.get<T>(m.forward_scratch);
    if (training()) {
      step.gradient = view(memory_.get<T>(gradients_[static_cast<std::size_t>(step.output)]), step.output);
      step.backward_scratch = memory_.get<T>(m.backward_scratch);
      step.moments.sums = memory_.get<float>(m.moments).data();
      step.gradient_sums.sums = memory_.get<float>(m.gradient_sums).data();
    }
    for (std::size_t i = 0; i < step.sources.size(); ++i) {
      const NodeId in = step.sources[i];
      const View<T> value = view(memory_.get<T>(values_[static_cast<std::size_t>(in)]), in);
      step.inputs.push_back({value.data, value.batch, value.shape});
      if (!training()) continue;
      const std::span<T> share = m.wanted[i] ? memory_.get<T>(m.input_gradients[i]) : std::span<T>();
      step.input_gradients.push_back(view(share, in));
      if (m.summed[i]) step.sums.push_back({share, memory_.get<T>(gradients_[static_cast<std::size_t>(in)])});
    }
    bind_parameters(step);
    bind_shares(step);
    bind_made(step);
  }
  input_ = memory_.get<T>(values_[static_cast<std::size_t>(options_.input)]);
  output_ = memory_.get<T>(values_[static_cast<std::size_t>(last())]);
  if (training()) output_gradient_ = memory_.get<T>(gradients_[static_cast<std::size_t>(last())]);
  if (options_.session.input_gradient && training()) input_gradient_ = memory_.get<T>(gradients_[0]);
}

/// What the backward step reads in place of an input that is not kept. Norms lie before those who make their outputs:
/// they are bound.
template <class T>
void Segment<T>::bind_made(Step<T>& step) {
  step.backward_inputs = step.inputs;
  if constexpr (std::is_same_v<T, float>)
    for (const auto& term : step.made_of) {
      const std::span<const float> x = memory_.get<float>(values_[static_cast<std::size_t>(term.value)]);
      if (&term == &step.made_of.front())
        step.backward_inputs[0].data = x.data();
      else
        step.added.push_back({x.data(), norm_factors(term.norm)});
    }
}

/// Where every thread finds and writes its rows.
template <class T>
void Segment<T>::bind_shares(Step<T>& step) {
  const int parts = static_cast<int>(step.rows_read.size());
  const auto place = [&](NodeId node, int part) {
    return view(memory_.get<T>(values_[static_cast<std::size_t>(node)], part), node);
  };
  for (int part = 0; part < parts; ++part) {
    typename Step<T>::Share share;
    share.rows = rows_of_part(shape(step.output).height(), part, parts);
    share.output = place(step.output, part);
    const std::size_t scratch = step.forward_scratch.size() / static_cast<std::size_t>(parts);
    share.scratch = step.forward_scratch.subspan(static_cast<std::size_t>(part) * scratch, scratch);
    for (const NodeId input : step.sources) {
      const View<T> value = place(input, part);
      share.inputs.push_back({value.data, value.batch, value.shape});
    }
    // Rows of the first input that others have written.
    const NodeId input = step.sources[0];
    const Shape& in = shape(input);
    const std::size_t row = static_cast<std::size_t>(in.width()) * static_cast<std::size_t>(in.channels()) /
                            (step.input_bytes ? sizeof(T) : 1);
    const RowRange read = step.rows_read[static_cast<std::size_t>(part)];
    for (int other = 0; other < parts && memory_.by_rows(values_[static_cast<std::size_t>(input)]); ++other) {
      const RowRange theirs = rows_of_part(in.height(), other, parts);
      const int first = std::max(read.begin, theirs.begin), end = std::min(read.end, theirs.end);
      if (other == part || first >= end) continue;
      const std::size_t at = static_cast<std::size_t>(first) * row;
      share.rows_of_others.push_back(
          {place(input, other).data + at, place(input, part).data + at, static_cast<std::size_t>(end - first) * row});
    }
    step.shares.push_back(std::move(share));
  }
}

template <class T>
void Segment<T>::bind_parameters(Step<T>& step) {
  // In the order of the layer's own list, which is not that of the buffer: statistics lie behind all weights there.
  for (const ParamSpec& p : params_of(spec()[step.node].layer, InputShapes(spec()[step.node], network_->shapes()))) {
    const ParamInfo& info = network_->param(spec()[step.node].name.str() + "." + std::string(p.name));
    step.params.push_back(network_->values(info));
    if (!training()) continue;
    step.statistics.push_back(info.trainable ? std::span<T>() : trained_->values(info));
    step.param_gradients.push_back(info.trainable ? param_gradients_.span().subspan(info.offset, info.size)
                                                  : std::span<T>());
  }
}

}  // namespace lineament
