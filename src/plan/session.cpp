#include "lineament/nn/session.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "kernels/common/isa.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "plan/executor.hpp"
#include "plan/explain.hpp"

namespace lineament {
namespace {

void check_batch(int batch) {
  if (batch < 1)
    throw ArgumentError({"batch", "the batch size is out of range", "1 or more", std::to_string(batch), ""});
}

}  // namespace

namespace detail {

template <class T>
struct SessionState {
  SessionState(int batch, int thread_count) : threads(thread_count), isa(isa_token()) { check_batch(batch); }

  Threads threads;
  int isa;                                      // the instruction set that weights are packed for
  BasicNetwork<T>* trained = nullptr;           // training
  std::shared_ptr<PreparedWeights<T>> weights;  // inferring
  std::optional<Executor<T>> executor;
  std::uint64_t step = 0;
  bool passed = false;             // forward, and not backward since: what backward reads is still there
  bool gradients_are_old = false;  // they count as zero, and the next `backward` writes over them
};

}  // namespace detail

namespace {

void check_precision(Precision precision, PassSet without) {
  if (precision < Precision::fp32 || precision > Precision::int8)
    throw ArgumentError(
        {"session", "there is no such precision", "one of Precision", std::to_string(static_cast<int>(precision)), ""});
  if (precision != Precision::fp32 && without.contains(Pass::choose_kernels))
    throw ArgumentError({"session", "lower precision is for the fast kernels", "Precision::fp32", "another", ""});
}

/// The place of input or output `i`.
auto port(const auto& places, std::size_t i, const char* what) {
  if (i >= places.size())
    throw ArgumentError({"session", std::string("the network has no such ") + what,
                         "0 to " + std::to_string(places.size() - 1), std::to_string(i), ""});
  return places[i];
}

template <class T>
PlanOptions plan_options(const InferenceOptions& o, const Threads& threads) {
  return {.batch = o.batch,
          .threads = threads.count(),
          .precision = o.precision,
          .ranges = o.ranges,
          .without = o.without,
          .scalar = sizeof(T),
          .tuning = o.tuning};
}

constexpr Pass kPasses[] = {Pass::fold_batch_norm, Pass::choose_kernels, Pass::fuse_epilogues,
                            Pass::quantise,        Pass::partition,      Pass::defer_norms,
                            Pass::recompute,       Pass::rematerialise,  Pass::share_memory};
constexpr std::string_view kPassNames[] = {"fold_batch_norm", "choose_kernels", "fuse_epilogues",
                                           "quantise",        "partition",      "defer_norms",
                                           "recompute",       "rematerialise",  "share_memory"};

}  // namespace

std::string_view name(Pass pass) {
  return kPassNames[static_cast<std::size_t>(pass)];
}
std::span<const Pass> all_passes() {
  return kPasses;
}

template <class T>
SessionBase<T>::SessionBase() = default;
template <class T>
SessionBase<T>::~SessionBase() = default;
template <class T>
SessionBase<T>::SessionBase(SessionBase&&) noexcept = default;
template <class T>
SessionBase<T>& SessionBase<T>::operator=(SessionBase&&) noexcept = default;

template <class T>
int SessionBase<T>::batch() const {
  return state_->executor->plan().options.batch;
}
template <class T>
std::span<T> SessionBase<T>::input(std::size_t i) {
  return state_->executor->value(port(state_->executor->plan().inputs, i, "input"));
}
template <class T>
std::span<const T> SessionBase<T>::output(std::size_t i) const {
  return state_->executor->value(port(state_->executor->plan().outputs, i, "output"));
}
template <class T>
Threads& SessionBase<T>::threads() {
  return state_->threads;
}
template <class T>
std::size_t SessionBase<T>::arena_bytes() const {
  return state_->executor->plan().memory.size();
}
template <class T>
std::size_t SessionBase<T>::packed_bytes() const {
  return state_->weights ? state_->weights->bytes() : 0;
}
template <class T>
std::vector<PlannedOp> SessionBase<T>::plan() const {
  return explain(state_->executor->plan());
}

template <class T>
std::span<const T> SessionBase<T>::forward() {
  detail::SessionState<T>& s = *state_;
  if (s.isa != isa_token())
    throw ArgumentError({"session", "the instruction set was changed after the session was made",
                         "the one its weights are packed for", current_isa(),
                         "call force_isa() first, or make the session anew"});
  if (s.weights) s.weights->refresh(s.threads);
  s.passed = false;
  s.executor->forward(++s.step);
  s.passed = true;
  if (s.trained != nullptr) s.trained->mark_changed();  // statistics of batch norms
  return output();
}

template <class T>
BasicInferenceSession<T>::BasicInferenceSession(const BasicNetwork<T>& network, const InferenceOptions& options)
    : BasicInferenceSession(
          std::make_shared<PreparedWeights<T>>(network, !options.without.contains(Pass::fold_batch_norm)), options) {}

template <class T>
BasicInferenceSession<T>::BasicInferenceSession(std::shared_ptr<PreparedWeights<T>> weights,
                                                const InferenceOptions& options) {
  check_precision(options.precision, options.without);
  if (weights == nullptr)
    throw ArgumentError({"session", "there are no weights", "a PreparedWeights", "a null pointer", ""});
  this->state_ = std::make_unique<detail::SessionState<T>>(options.batch, options.threads);
  detail::SessionState<T>& s = *this->state_;
  s.weights = std::move(weights);
  s.executor.emplace(make_plan(s.weights->network(), plan_options<T>(options, s.threads)), *s.weights, s.threads);
}

template <class T>
BasicTrainingSession<T>::BasicTrainingSession(BasicNetwork<T>& network, const TrainingOptions& options) {
  check_precision(options.precision, options.without);
  if (options.precision == Precision::int8)
    throw ArgumentError({"session", "int8 is for inference", "Precision::fp32 or bf16", "int8", ""});
  if (options.parts != nullptr && (sizeof(T) != sizeof(float) || options.without.contains(Pass::choose_kernels)))
    throw ArgumentError(
        {"session", "a batch in parts is for the fast kernels", "float, with Pass::choose_kernels", "another", ""});
  this->state_ = std::make_unique<detail::SessionState<T>>(options.batch, options.threads);
  detail::SessionState<T>& s = *this->state_;
  s.trained = &network;
  PlanOptions plan{.mode = Mode::train,
                   .batch = options.batch,
                   .threads = s.threads.count(),
                   .precision = options.precision,
                   .input_gradient = options.input_gradient,
                   .without = options.without,
                   .scalar = sizeof(T)};
  s.executor.emplace(make_plan(network, plan), network, options.seed, s.threads, options.parts);
}

template <class T>
std::span<T> BasicTrainingSession<T>::output_gradient(std::size_t i) {
  return this->state_->executor->gradient(port(this->state_->executor->plan().outputs, i, "output"));
}

template <class T>
std::span<T> BasicTrainingSession<T>::gradients() {
  Buffer<T>& gradients = this->state_->executor->param_gradients();
  if (this->state_->gradients_are_old) {  // somebody wants to see the zeros
    std::fill_n(gradients.data(), gradients.size(), T(0));
    this->state_->gradients_are_old = false;
  }
  return gradients.span();
}

template <class T>
void BasicTrainingSession<T>::zero_gradients() {
  this->state_->gradients_are_old = true;
}

template <class T>
std::span<const T> BasicTrainingSession<T>::input_gradient() const {
  return this->state_->executor->gradient(Spec::kInput);
}

template <class T>
void BasicTrainingSession<T>::set_step(std::uint64_t step) {
  this->state_->step = step;
  this->state_->passed = false;  // with another step's dropout
}

template <class T>
void BasicTrainingSession<T>::backward() {
  backward({});
}

template <class T>
void BasicTrainingSession<T>::backward(const std::function<void(std::size_t)>& done) {
  detail::SessionState<T>& s = *this->state_;
  if (!std::exchange(s.passed, false))
    throw ArgumentError({"session", "backward() has no values to work on: it writes over what forward() left",
                         "a forward() before each backward()", "none since the last one, or since the start",
                         "call forward() and fill output_gradient() first"});
  s.executor->backward(s.step, s.gradients_are_old, done);
  s.gradients_are_old = false;
}

template <class T>
std::shared_ptr<PreparedWeights<T>> prepare_weights(const BasicNetwork<T>& network) {
  return std::make_shared<PreparedWeights<T>>(network, true);
}

template <class T>
std::shared_ptr<PreparedWeights<T>> pack_weights(const BasicNetwork<T>& network, const InferenceOptions& options) {
  check_precision(options.precision, options.without);
  check_batch(options.batch);
  auto weights = prepare_weights(network);
  Threads threads(options.threads);
  const Plan plan = make_plan(weights->network(), plan_options<T>(options, threads));
  for (const Op& op : plan.ops) weights->packed(op, threads);
  weights->detach(plan.ops);
  return weights;
}

template class SessionBase<float>;
template class SessionBase<double>;
template class BasicInferenceSession<float>;
template class BasicInferenceSession<double>;
template class BasicTrainingSession<float>;
template class BasicTrainingSession<double>;
template std::shared_ptr<PreparedWeights<float>> prepare_weights(const BasicNetwork<float>&);
template std::shared_ptr<PreparedWeights<double>> prepare_weights(const BasicNetwork<double>&);
template std::shared_ptr<PreparedWeights<float>> pack_weights(const BasicNetwork<float>&, const InferenceOptions&);
template std::shared_ptr<PreparedWeights<double>> pack_weights(const BasicNetwork<double>&, const InferenceOptions&);

}  // namespace lineament
