#include "plan/segment_plan-inl.hpp"

#include <algorithm>

namespace lineament {
namespace {

template <class T>
void add_to(std::span<const T> from, std::span<T> to, Threads& threads) {
  constexpr std::size_t kBlock = std::size_t{1} << 14;
  threads.run(static_cast<int>((to.size() + kBlock - 1) / kBlock), [&](int task, int) {
    const std::size_t begin = static_cast<std::size_t>(task) * kBlock, end = std::min(to.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) to[i] += from[i];
  });
}

/// Every layer of every step draws its own mask.
std::uint64_t dropout_seed(const SessionOptions& options, std::uint64_t step, NodeId node) {
  return (options.seed * 0x9E3779B97F4A7C15ull + step) * 0xBF58476D1CE4E5B9ull + static_cast<std::uint64_t>(node);
}

}  // namespace

template <class T>
Segment<T>::Segment(const BasicNetwork<T>& network, BasicNetwork<T>* trained, std::vector<Step<T>> steps,
                    const Options& options, Threads& threads)
    : network_(&network), trained_(trained), options_(options), threads_(&threads), steps_(std::move(steps)) {
  const auto nodes = static_cast<std::size_t>(spec().size() + 1);
  values_.resize(nodes);
  gradients_.resize(nodes);
  has_gradient_.assign(nodes, false);
  keep_.assign(nodes, false);
  step_memory_.resize(steps_.size());
  if (options_.session.precision == Precision::int8) pass_bytes(steps_, network_->shapes());
  bands_ = find_bands(steps_, spec());
  plan_values();
  if (training()) plan_gradients();
  if (training()) plan_norm_blocks();
  memory_.commit(threads_->count());
  if (training()) param_gradients_ = Buffer<T>(network_->trainable_size());
  bind_memory();
}

template <class T>
void Segment<T>::pack(Step<T>& step) {
  if (step.kernel.pack == nullptr) return;
  step.kernel.pack(spec()[step.node].layer, step.kernel.kernel,
                   {step.inputs[0], step.params, step.range, step.packed, threads_});
}

template <class T>
void Segment<T>::pack() {
  for (Step<T>& step : steps_) pack(step);
}

template <class T>
void Segment<T>::share_packed(const Segment& other) {
  for (std::size_t s = 0; s < steps_.size(); ++s) steps_[s].packed = other.steps_[s].packed;
}

template <class T>
NormFactors Segment<T>::norm_factors(std::size_t norm) const {
  if (norm == Step<T>::kNone) return {};
  const Step<T>& step = steps_[norm];
  return step.kernel.norm_factors(step.saved, step.params, step.epilogue);
}

template <class T>
void Segment<T>::run(std::size_t index, std::uint64_t step_number) {
  Step<T>& step = steps_[index];
  if (training()) pack(step);
  step.kernel.forward(spec()[step.node].layer, step.kernel.kernel, forward_of(step, step_number));
}

template <class T>
Forward<T> Segment<T>::forward_of(const Step<T>& step, std::uint64_t step_number) {
  Forward<T> f;
  f.inputs = step.inputs;
  f.output = step.value;
  f.params = step.params;
  f.statistics = step.statistics;
  f.saved = step.saved;
  f.mode = options_.session.mode;
  f.seed = dropout_seed(options_.session, step_number, step.node);
  f.epilogue = step.epilogue;
  f.norm = norm_factors(step.norm_before);
  f.deferred = step.output_deferred;
  f.norm_blocks = step.norm_behind == Step<T>::kNone ? step.moments : steps_[step.norm_behind].moments;
  f.input_bytes = step.input_bytes;
  f.output_bytes = step.output_bytes;
  f.packed = step.packed;
  f.scratch = step.forward_scratch;
  f.threads = threads_;
  return f;
}

template <class T>
void Segment<T>::run_band(std::size_t begin, std::size_t end, std::uint64_t step_number) {
  threads_->run(static_cast<int>(steps_[begin].shares.size()), [&](int part, int) {
    for (const auto& rows : steps_[begin].shares[static_cast<std::size_t>(part)].rows_of_others)
      std::copy_n(rows.from, rows.size, rows.to);
    for (std::size_t s = begin; s < end; ++s) {
      const Step<T>& step = steps_[s];
      const typename Step<T>::Share& share = step.shares[static_cast<std::size_t>(part)];
      Forward<T> f = forward_of(step, step_number);
      f.inputs = share.inputs;
      f.output = share.output;
      f.rows = share.rows;
      f.scratch = share.scratch;
      f.threads = alone_.get();
      step.kernel.forward(spec()[step.node].layer, step.kernel.kernel, f);
    }
  });
}

template <class T>
void Segment<T>::forward(std::uint64_t step_number) {
  for (std::size_t s = 0; s < steps_.size(); s = bands_.end[s])
    if (steps_[s].shares.empty())
      run(s, step_number);
    else
      run_band(s, bands_.end[s], step_number);
}

template <class T>
void Segment<T>::forward(std::uint64_t step_number, const T* input, T* output) {
  for (Step<T>& step : steps_)
    for (std::size_t i = 0; i < step.inputs.size(); ++i)
      if (step.sources[i] == options_.input) step.inputs[i].data = input;
  steps_.back().value.data = output;
  forward(step_number);
}

template <class T>
void Segment<T>::backward(std::uint64_t step_number, bool overwrite) {
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const Step<T>& step = steps_[i];
    Backward<T> b;
    b.inputs = step.backward_inputs;
    b.output = {step.value.data, step.value.batch, step.value.shape};
    b.output_gradient = {step.gradient.data, step.gradient.batch, step.gradient.shape};
    b.input_gradients = step.input_gradients;
    b.params = step.params;
    b.param_gradients = step.param_gradients;
    b.saved = step.saved;
    b.seed = dropout_seed(options_.session, step_number, step.node);
    b.overwrite = overwrite && step.kernel.can_overwrite;
    b.epilogue = step.epilogue;
    b.norm = norm_factors(step.made_of.empty() ? step.norm_before : step.made_of.front().norm);
    b.added = step.added;
    b.output_norm = norm_factors(step.norm_behind);
    b.deferred = step.gradient_deferred;
    b.norm_blocks = step.norm_before == Step<T>::kNone ? step.gradient_sums : steps_[step.norm_before].gradient_sums;
    b.scratch = step.backward_scratch;
    b.threads = threads_;
    if (overwrite && !b.overwrite)
      for (const std::span<T> gradient : step.param_gradients) std::fill(gradient.begin(), gradient.end(), T(0));
    step.kernel.backward(spec()[step.node].layer, step.kernel.kernel, b);
    for (const auto& sum : step.sums) add_to(sum.from, sum.to, *threads_);
  }
}

template class Segment<float>;
template class Segment<double>;

}  // namespace lineament
