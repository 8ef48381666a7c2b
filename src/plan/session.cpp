#include "lineament/nn/session.hpp"

#include <algorithm>
#include <optional>

#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "plan/segment.hpp"

namespace lineament {
namespace {

bool has_batch_norm(const Spec& spec) {
  for (NodeId id = 1; id <= spec.size(); ++id)
    if (std::holds_alternative<BatchNorm>(spec[id].layer)) return true;
  return false;
}

/// Whether a step has enough pixels in one picture to keep its kernel busy. Below that, and for dense layers, whose
/// weights are the larger part of what they read, all pictures go through the step together.
template <class T>
bool suits_one_picture(const Step<T>& step, const Spec& spec, const Shapes& shapes) {
  constexpr int kPixels = 144;
  if (!traits_of(spec[step.node].layer).per_image) return false;
  return shapes[step.node].height() * shapes[step.node].width() >= kPixels;
}

/// How many of the first steps every picture can go through alone: behind them a single value is read.
template <class T>
std::size_t steps_for_one_picture(const std::vector<Step<T>>& steps, const Spec& spec, const Shapes& shapes) {
  std::size_t suited = 0;
  while (suited < steps.size() && suits_one_picture(steps[suited], spec, shapes)) ++suited;
  const auto reads_past = [&](std::size_t cut) {
    for (std::size_t s = cut; s < steps.size(); ++s)
      for (const NodeId input : steps[s].sources)
        if (input < steps[cut - 1].output) return true;
    return false;
  };
  while (suited > 0 && (suited == steps.size() || reads_past(suited))) --suited;
  return suited;
}

}  // namespace

template <class T>
struct BasicSession<T>::State {
  State(const BasicNetwork<T>& given, BasicNetwork<T>* writable, const SessionOptions& o)
      : options(o), threads(o.threads) {
    options.threads = threads.count();
    current_isa();  // reads LINEAMENT_ISA before the first kernel runs
    if (options.batch < 1)
      throw ArgumentError({"batch", "the batch size is out of range", "1 or more", std::to_string(options.batch), ""});
    if (options.mode == Mode::train && writable == nullptr)
      throw ArgumentError(
          {"session", "a const network cannot be trained", "a network that may change", "a const one", ""});
    if (options.precision != Precision::fp32 && options.kernels == KernelChoice::reference)
      throw ArgumentError({"session", "lower precision is for the fast kernels", "Precision::fp32", "another", ""});
    if (options.precision == Precision::int8 && options.mode == Mode::train)
      throw ArgumentError({"session", "int8 is for inference", "Precision::fp32 or bf16", "int8", ""});
    if (options.mode == Mode::infer && has_batch_norm(given.spec())) folded = fold_batch_norm(given);
    network = folded ? &*folded : &given;
    std::vector<Step<T>> steps = make_steps(*network, options);
    describe(steps);
    NodeId start = Spec::kInput;
    if (options.mode == Mode::infer && options.batch > 1 && options.kernels == KernelChoice::fast)
      start = make_lanes(steps);
    together.emplace(*network, writable, std::move(steps),
                     typename Segment<T>::Options{.session = options, .input = start}, threads);
    if (options.mode == Mode::infer) together->pack();
  }

  NodeId make_lanes(std::vector<Step<T>>& steps);
  void describe(const std::vector<Step<T>>& steps);

  SessionOptions options;
  Threads threads;
  Threads alone{1};
  const BasicNetwork<T>* network = nullptr;
  std::optional<BasicNetwork<T>> folded;
  std::vector<PlannedStep> planned;

  Buffer<T> pictures;             // the input, where there are lanes
  std::vector<Segment<T>> lanes;  // one for each thread: it takes single pictures through the first steps
  std::optional<Segment<T>> together;
  bool gradients_are_old = false;  // they count as zero, and the next `backward` writes over them
  std::uint64_t step_number = 0;
};

/// Takes the steps that every picture goes through alone away from `steps`; returns the value that the others start
/// from.
template <class T>
NodeId BasicSession<T>::State::make_lanes(std::vector<Step<T>>& steps) {
  const std::size_t count = steps_for_one_picture(steps, network->spec(), network->shapes());
  if (count == 0) return Spec::kInput;
  const NodeId end = steps[count - 1].output;
  steps.erase(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(count));
  SessionOptions single = options;
  single.batch = single.threads = 1;
  std::vector<Step<T>> first = make_steps(*network, single);
  first.resize(count);
  for (int i = 0; i < options.threads; ++i) {
    lanes.emplace_back(*network, nullptr, first, typename Segment<T>::Options{.session = single, .ends_outside = true},
                       alone);
    if (i == 0)
      lanes.front().pack();
    else
      lanes.back().share_packed(lanes.front());
  }
  pictures = Buffer<T>(static_cast<std::size_t>(options.batch) * network->input_shape().size());
  return end;
}

template <class T>
void BasicSession<T>::State::describe(const std::vector<Step<T>>& steps) {
  const Spec& spec = network->spec();
  for (const Step<T>& step : steps) {
    PlannedStep row{spec[step.node].name.str(), std::string(step.kernel.name), network->shapes()[step.output]};
    for (NodeId id = step.node; id != step.output;) {
      id = only_reader(spec, id);
      row.layers += " + " + spec[id].name.str();
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
  return state_->lanes.empty() ? state_->together->input() : state_->pictures.span();
}
template <class T>
std::span<T> BasicSession<T>::output_gradient() {
  return state_->together->output_gradient();
}
template <class T>
std::span<T> BasicSession<T>::gradients() {
  Buffer<T>& gradients = state_->together->param_gradients();
  if (state_->gradients_are_old) {  // somebody wants to see the zeros
    std::fill_n(gradients.data(), gradients.size(), T(0));
    state_->gradients_are_old = false;
  }
  return gradients.span();
}
template <class T>
std::span<const T> BasicSession<T>::input_gradient() const {
  return state_->together->input_gradient();
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
  std::size_t bytes = state_->together->arena_bytes() + state_->pictures.size() * sizeof(T);
  for (const Segment<T>& lane : state_->lanes) bytes += lane.arena_bytes();
  return bytes;
}
template <class T>
const std::vector<PlannedStep>& BasicSession<T>::plan() const {
  return state_->planned;
}
template <class T>
void BasicSession<T>::zero_gradients() {
  state_->gradients_are_old = true;
}

template <class T>
std::span<const T> BasicSession<T>::forward() {
  State& s = *state_;
  ++s.step_number;
  if (!s.lanes.empty()) {
    const std::size_t in = s.network->input_shape().size(),
                      out = s.together->input().size() / static_cast<std::size_t>(s.options.batch);
    s.threads.run(s.options.batch, [&](int picture, int thread) {
      const auto i = static_cast<std::size_t>(picture);
      s.lanes[static_cast<std::size_t>(thread)].forward(s.step_number, s.pictures.data() + i * in,
                                                        s.together->input().data() + i * out);
    });
  }
  s.together->forward(s.step_number);
  return s.together->output();
}

template <class T>
void BasicSession<T>::backward() {
  State& s = *state_;
  if (s.options.mode == Mode::infer)
    throw ArgumentError({"session", "backward needs a session for training", "Mode::train", "Mode::infer", ""});
  s.together->backward(s.step_number, s.gradients_are_old);
  s.gradients_are_old = false;
}

template class BasicSession<float>;
template class BasicSession<double>;

}  // namespace lineament
