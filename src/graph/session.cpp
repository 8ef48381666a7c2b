#include "lineament/graph/session.hpp"

#include <algorithm>
#include <optional>

#include "lineament/error.hpp"
#include "lineament/graph/arena.hpp"
#include "lineament/kernels/isa.hpp"
#include "steps.hpp"

namespace lineament {
namespace {

/// What the memory plan must know of a step. A fused one reads its input again and nothing else (see Kernel::fuses).
template <class T>
Traits traits_of(const Step<T>& step, const Spec& spec) {
  const Traits traits = traits_of(spec[step.node].layer);
  return step.output == step.node ? traits : Traits{.inputs = traits.inputs, .backward_reads_input = true};
}

/// Adds buffers with lifetimes up and, once the arena is planned, says where they are.
class MemoryPlan {
 public:
  using Id = std::size_t;
  Id add(std::size_t bytes, int begin, int end) {
    lifetimes_.push_back({bytes, begin, end});
    return lifetimes_.size() - 1;
  }
  void extend(Id id, int time) {
    lifetimes_[id].begin = std::min(lifetimes_[id].begin, time);
    lifetimes_[id].end = std::max(lifetimes_[id].end, time);
  }
  void commit() {
    arena_ = plan_arena(lifetimes_);
    bytes_ = Buffer<std::byte>(arena_.size);
  }
  /// Empty, at nullptr, for a buffer of no bytes: kernels ask the pointer whether there is something to write.
  template <class T>
  std::span<T> get(Id id) {
    if (lifetimes_[id].size == 0) return {};
    return {reinterpret_cast<T*>(bytes_.data() + arena_.offsets[id]), lifetimes_[id].size / sizeof(T)};
  }
  std::size_t size() const { return arena_.size; }

 private:
  std::vector<Lifetime> lifetimes_;
  Arena arena_;
  Buffer<std::byte> bytes_;
};

bool has_batch_norm(const Spec& spec) {
  for (NodeId id = 1; id <= spec.size(); ++id)
    if (std::holds_alternative<BatchNorm>(spec[id].layer)) return true;
  return false;
}

}  // namespace

template <class T>
struct BasicSession<T>::State {
  State(const BasicNetwork<T>& given, BasicNetwork<T>* writable, const SessionOptions& o)
      : options(o), threads(o.threads), trained(writable) {
    options.threads = threads.count();
    current_isa();  // reads LINEAMENT_ISA before the first kernel runs
    if (options.batch < 1) throw ArgumentError({"batch", "the batch size is out of range", "1 or more", std::to_string(options.batch), ""});
    if (options.mode == Mode::train && writable == nullptr)
      throw ArgumentError({"session", "a const network cannot be trained", "a network that may change", "a const one", ""});
    if (options.mode == Mode::infer && has_batch_norm(given.spec())) folded = fold_batch_norm(given);
    network = folded ? &*folded : &given;
    steps = make_steps(*network, options);
    plan_memory();
    describe_plan();
    if (!training())
      for (Step<T>& step : steps) pack(step);
  }

  const Spec& spec() const { return network->spec(); }
  const Shape& shape(NodeId id) const { return network->shapes()[id]; }
  std::size_t value_bytes(NodeId id) const { return shape(id).size() * static_cast<std::size_t>(options.batch) * sizeof(T); }
  View<T> view(std::span<T> place, NodeId id) const { return {place.data(), options.batch, shape(id)}; }
  bool training() const { return options.mode == Mode::train; }

  // Time runs 1 … n through the forward steps and n + 1 … 2n back through the backward ones.
  int last_time() const { return training() ? 2 * static_cast<int>(steps.size()) + 1 : static_cast<int>(steps.size()) + 1; }
  int backward_time(int forward_time) const { return 2 * static_cast<int>(steps.size()) + 1 - forward_time; }

  void plan_memory();
  void plan_values();
  void plan_gradients();
  void bind_memory();
  void bind_parameters(Step<T>& step);
  void pack(Step<T>& step);
  void describe_plan();

  SessionOptions options;
  Threads threads;
  BasicNetwork<T>* trained;
  const BasicNetwork<T>* network = nullptr;
  std::optional<BasicNetwork<T>> folded;
  std::vector<Step<T>> steps;
  std::vector<PlannedStep> planned;

  MemoryPlan memory;
  std::vector<MemoryPlan::Id> values, gradients;  // by NodeId
  std::vector<bool> has_gradient;                 // by NodeId: a buffer was planned
  std::vector<bool> keep;                         // by NodeId: a backward step reads it as its own output, so nothing may write over it
  struct StepMemory {
    MemoryPlan::Id saved, packed, forward_scratch, backward_scratch;
    std::vector<MemoryPlan::Id> input_gradients;
    std::vector<bool> wanted, summed;  // by input
  };
  std::vector<StepMemory> step_memory;

  Buffer<T> param_gradients;
  bool gradients_are_old = false;  // they count as zero, and the next `backward` writes over them
  std::span<T> input, output_gradient, input_gradient;
  std::span<const T> output;
  std::uint64_t step_number = 0;
};

template <class T>
void BasicSession<T>::State::plan_memory() {
  const auto nodes = static_cast<std::size_t>(spec().size() + 1);
  values.resize(nodes);
  gradients.resize(nodes);
  has_gradient.assign(nodes, false);
  step_memory.resize(steps.size());
  plan_values();
  if (training()) plan_gradients();
  memory.commit();
  if (training()) param_gradients = Buffer<T>(network->trainable_size());
  bind_memory();
}

template <class T>
void BasicSession<T>::State::plan_values() {
  keep.assign(values.size(), false);
  values[0] = memory.add(value_bytes(0), 0, 0);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const Node& node = spec()[steps[s].node];
    const Traits traits = traits_of(steps[s], spec());
    const int now = static_cast<int>(s) + 1;
    const auto out = static_cast<std::size_t>(steps[s].output);
    const NodeId source = node.inputs[0];
    const auto in = static_cast<std::size_t>(source);
    // Two views of one value must never meet in one layer, so sharing asks for a single reader.
    const bool in_place = traits.forward_in_place && source != Spec::kInput &&
                          only_reader(spec(), source) == steps[s].node && (traits.forward_keeps_values || !keep[in]);
    if (in_place) {
      values[out] = values[in];
      keep[out] = keep[in];
    } else {
      values[out] = memory.add(value_bytes(steps[s].output), now, now);
    }
    memory.extend(values[out], now);
    for (NodeId input_id : node.input_ids()) {
      memory.extend(values[static_cast<std::size_t>(input_id)], now);
      if (training() && traits.backward_reads_input)
        memory.extend(values[static_cast<std::size_t>(input_id)], backward_time(now));
    }
    if (training() && traits.backward_reads_output) {
      memory.extend(values[out], backward_time(now));
      keep[out] = true;
    }
    StepMemory& m = step_memory[s];
    m.saved = memory.add(steps[s].kernel.saved_bytes, now, training() ? backward_time(now) : now);
    const int ready = training() ? now : 0, used = training() ? now : last_time();
    m.packed = memory.add(steps[s].kernel.packed_size * sizeof(T), ready, used);
    m.forward_scratch = memory.add(steps[s].kernel.scratch_size * sizeof(T), now, now);
  }
  memory.extend(values[static_cast<std::size_t>(spec().last())], last_time());
}

template <class T>
void BasicSession<T>::State::plan_gradients() {
  const auto last = static_cast<std::size_t>(spec().last());
  gradients[last] = memory.add(value_bytes(spec().last()), static_cast<int>(steps.size()) + 1, static_cast<int>(steps.size()) + 1);
  has_gradient[last] = true;
  for (std::size_t s = steps.size(); s-- > 0;) {
    const Node& node = spec()[steps[s].node];
    const int now = backward_time(static_cast<int>(s) + 1);
    const MemoryPlan::Id own = gradients[static_cast<std::size_t>(steps[s].output)];
    memory.extend(own, now);
    StepMemory& m = step_memory[s];
    m.backward_scratch = memory.add(steps[s].kernel.scratch_size * sizeof(T), now, now);
    for (NodeId input_id : node.input_ids()) {
      const auto in = static_cast<std::size_t>(input_id);
      const bool wanted = input_id != Spec::kInput || options.input_gradient;
      m.wanted.push_back(wanted);
      m.summed.push_back(wanted && has_gradient[in]);
      MemoryPlan::Id id = own;
      if (wanted && has_gradient[in]) {  // another reader wrote it before: this one's share is added
        id = memory.add(value_bytes(input_id), now, now);
        memory.extend(gradients[in], now);
      } else if (wanted) {
        const bool alone = only_reader(spec(), input_id) == steps[s].node;
        if (alone && steps[s].kernel.gradient_over_input && traits_of(steps[s], spec()).backward_reads_input && !keep[in] &&
            input_id != Spec::kInput) {
          id = values[in];
          memory.extend(id, now);
        } else if (!alone || !traits_of(steps[s], spec()).backward_in_place) {
          id = memory.add(value_bytes(input_id), now, now);
        }
        gradients[in] = id;
        has_gradient[in] = true;
      }
      m.input_gradients.push_back(id);
    }
  }
  if (options.input_gradient) memory.extend(gradients[0], last_time());
}

template <class T>
void BasicSession<T>::State::bind_memory() {
  for (std::size_t s = 0; s < steps.size(); ++s) {
    Step<T>& step = steps[s];
    const StepMemory& m = step_memory[s];
    const Node& node = spec()[step.node];
    step.value = view(memory.get<T>(values[static_cast<std::size_t>(step.output)]), step.output);
    step.saved = memory.get<std::byte>(m.saved);
    step.packed = memory.get<T>(m.packed);
    step.forward_scratch = memory.get<T>(m.forward_scratch);
    if (training()) {
      step.gradient = view(memory.get<T>(gradients[static_cast<std::size_t>(step.output)]), step.output);
      step.backward_scratch = memory.get<T>(m.backward_scratch);
    }
    for (std::size_t i = 0; i < node.input_ids().size(); ++i) {
      const NodeId in = node.inputs[i];
      const View<T> value = view(memory.get<T>(values[static_cast<std::size_t>(in)]), in);
      step.inputs.push_back({value.data, value.batch, value.shape});
      if (!training()) continue;
      const std::span<T> share = m.wanted[i] ? memory.get<T>(m.input_gradients[i]) : std::span<T>();
      step.input_gradients.push_back(view(share, in));
      if (m.summed[i]) step.sums.push_back({share, memory.get<T>(gradients[static_cast<std::size_t>(in)])});
    }
    bind_parameters(step);
  }
  input = memory.get<T>(values[0]);
  output = memory.get<T>(values[static_cast<std::size_t>(spec().last())]);
  if (training()) output_gradient = memory.get<T>(gradients[static_cast<std::size_t>(spec().last())]);
  if (options.input_gradient && training()) input_gradient = memory.get<T>(gradients[0]);
}

template <class T>
void BasicSession<T>::State::bind_parameters(Step<T>& step) {
  // In the order of the layer's own list, which is not that of the buffer: statistics lie behind all weights there.
  for (const ParamSpec& p : params_of(spec()[step.node].layer, InputShapes(spec()[step.node], network->shapes()))) {
    const ParamInfo& info = network->param(spec()[step.node].name.str() + "." + std::string(p.name));
    step.params.push_back(network->values(info));
    if (!training()) continue;
    step.statistics.push_back(info.trainable ? std::span<T>() : trained->values(info));
    step.param_gradients.push_back(info.trainable ? param_gradients.span().subspan(info.offset, info.size) : std::span<T>());
  }
}

template <class T>
void BasicSession<T>::State::pack(Step<T>& step) {
  if (step.kernel.pack == nullptr) return;
  step.kernel.pack(spec()[step.node].layer, step.kernel.kernel, step.inputs[0], step.params, step.packed, threads);
}

template <class T>
void BasicSession<T>::State::describe_plan() {
  for (const Step<T>& step : steps) {
    PlannedStep row{spec()[step.node].name.str(), std::string(step.kernel.name), shape(step.output)};
    for (NodeId id = step.node; id != step.output;) {
      id = only_reader(spec(), id);
      row.layers += " + " + spec()[id].name.str();
    }
    planned.push_back(std::move(row));
  }
}

template <class T>
BasicSession<T>::BasicSession(BasicNetwork<T>& network, const SessionOptions& options)
    : state_(std::make_unique<State>(network, &network, options)) {}
template <class T>
BasicSession<T>::BasicSession(const BasicNetwork<T>& network, const SessionOptions& options)
    : state_(std::make_unique<State>(network, nullptr, options)) {}
template <class T>
BasicSession<T>::~BasicSession() = default;
template <class T>
BasicSession<T>::BasicSession(BasicSession&&) noexcept = default;
template <class T>
BasicSession<T>& BasicSession<T>::operator=(BasicSession&&) noexcept = default;

template <class T>
int BasicSession<T>::batch() const {
  return state_->options.batch;
}
template <class T>
std::span<T> BasicSession<T>::input() {
  return state_->input;
}
template <class T>
std::span<T> BasicSession<T>::output_gradient() {
  return state_->output_gradient;
}
template <class T>
std::span<T> BasicSession<T>::gradients() {
  State& s = *state_;
  if (s.gradients_are_old) {  // somebody wants to see the zeros
    std::fill_n(s.param_gradients.data(), s.param_gradients.size(), T(0));
    s.gradients_are_old = false;
  }
  return s.param_gradients.span();
}
template <class T>
std::span<const T> BasicSession<T>::input_gradient() const {
  return state_->input_gradient;
}
template <class T>
void BasicSession<T>::set_step(std::uint64_t step) {
  state_->step_number = step;
}
template <class T>
Threads& BasicSession<T>::threads() {
  return state_->threads;
}
template <class T>
std::size_t BasicSession<T>::arena_bytes() const {
  return state_->memory.size();
}
template <class T>
const std::vector<PlannedStep>& BasicSession<T>::plan() const {
  return state_->planned;
}

template <class T>
void BasicSession<T>::zero_gradients() {
  state_->gradients_are_old = true;
}

namespace {

/// Every layer of every step draws its own mask.
std::uint64_t dropout_seed(const SessionOptions& options, std::uint64_t step, NodeId node) {
  return (options.seed * 0x9E3779B97F4A7C15ull + step) * 0xBF58476D1CE4E5B9ull + static_cast<std::uint64_t>(node);
}

}  // namespace

template <class T>
std::span<const T> BasicSession<T>::forward() {
  State& s = *state_;
  ++s.step_number;
  for (Step<T>& step : s.steps) {
    if (s.training()) s.pack(step);
    Forward<T> f;
    f.inputs = step.inputs;
    f.output = step.value;
    f.params = step.params;
    f.statistics = step.statistics;
    f.saved = step.saved;
    f.mode = s.options.mode;
    f.seed = dropout_seed(s.options, s.step_number, step.node);
    f.epilogue = step.epilogue;
    f.packed = step.packed;
    f.scratch = step.forward_scratch;
    f.threads = &s.threads;
    step.kernel.forward(s.spec()[step.node].layer, step.kernel.kernel, f);
  }
  return s.output;
}

template <class T>
void BasicSession<T>::backward() {
  State& s = *state_;
  if (!s.training())
    throw ArgumentError({"session", "backward needs a session for training", "Mode::train", "Mode::infer", ""});
  for (std::size_t i = s.steps.size(); i-- > 0;) {
    const Step<T>& step = s.steps[i];
    Backward<T> b;
    b.inputs = step.inputs;
    b.output = {step.value.data, step.value.batch, step.value.shape};
    b.output_gradient = {step.gradient.data, step.gradient.batch, step.gradient.shape};
    b.input_gradients = step.input_gradients;
    b.params = step.params;
    b.param_gradients = step.param_gradients;
    b.saved = step.saved;
    b.seed = dropout_seed(s.options, s.step_number, step.node);
    b.epilogue = step.epilogue;
    b.scratch = step.backward_scratch;
    b.threads = &s.threads;
    b.overwrite = s.gradients_are_old && step.kernel.can_overwrite;
    if (s.gradients_are_old && !b.overwrite)
      for (const std::span<T> gradient : step.param_gradients) std::fill(gradient.begin(), gradient.end(), T(0));
    step.kernel.backward(s.spec()[step.node].layer, step.kernel.kernel, b);
    for (const auto& sum : step.sums)
      for (std::size_t k = 0; k < sum.to.size(); ++k) sum.to[k] += sum.from[k];
  }
  s.gradients_are_old = false;
}

template class BasicSession<float>;
template class BasicSession<double>;

}  // namespace lineament
