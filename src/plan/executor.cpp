#include "plan/executor.hpp"

#include <algorithm>
#include <memory>

#include "plan/bind.hpp"

namespace lineament {
namespace {

template <class T>
void add_to(std::span<const T> from, std::span<T> to, Threads& threads) {
  // A task: 64 KB, as kPassValues of other passes over memory. Nobody has looked for the best here.
  constexpr std::size_t kBlock = std::size_t{1} << 14;
  threads.run(static_cast<int>((to.size() + kBlock - 1) / kBlock), [&](int task, int) {
    const std::size_t begin = static_cast<std::size_t>(task) * kBlock, end = std::min(to.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) to[i] += from[i];
  });
}

}  // namespace

template <class T>
void ForwardCall<T>::at_image(const ForwardCall& first, std::size_t image) {
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].data = first.inputs[i].data + image * input_steps[i];
  args.output.data = first.args.output.data + image * output_step;
}

template <class T>
Executor<T>::Executor(Plan plan, BasicNetwork<T>& network, std::uint64_t seed, Threads& threads, BatchParts* parts)
    : plan_(std::move(plan)),
      seed_(seed),
      threads_(&threads),
      bound_(plan_.ops.size()),
      param_gradients_(network.trainable_size()) {
  std::vector<std::span<const std::byte>> packed;
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    bind_parameters(plan_.ops[s], network, param_gradients_.span(), bound_[s]);
    bound_[s].packed = plan_.memory.template get<std::byte>(plan_.ops[s].memory.packed);
    packed.push_back(bound_[s].packed);
  }
  bind(packed);
  if (parts != nullptr) share_norms(*parts);
  find_complete_gradients();
}

template <class T>
void Executor<T>::share_norms(BatchParts& parts) {
  std::size_t most_channels = 0;
  for (std::size_t s = 0; s < plan_.ops.size(); ++s)
    if (bound_[s].kernel->is_norm()) most_channels = std::max(most_channels, bound_[s].params.front().size());
  parts_ = std::make_unique<PairsOfParts>(parts, most_channels);
  for (BoundOp<T>& op : bound_) {
    for (ForwardCall<T>& call : op.forward) call.args.parts = parts_.get();
    op.backward.args.parts = parts_.get();
  }
}

/// Those that no op before it adds to, whatever the order of parameters.
template <class T>
void Executor<T>::find_complete_gradients() {
  std::size_t end = 0;
  for (BoundOp<T>& op : bound_) {
    op.complete_from = end;
    for (const std::span<T> gradient : op.param_gradients)
      if (!gradient.empty())
        end = std::max(end, static_cast<std::size_t>(gradient.data() - param_gradients_.data()) + gradient.size());
  }
}

template <class T>
Executor<T>::Executor(Plan plan, PreparedWeights<T>& weights, Threads& threads)
    : plan_(std::move(plan)), threads_(&threads), bound_(plan_.ops.size()) {
  std::vector<std::span<const std::byte>> packed;
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    bound_[s].params = weights.params(plan_.ops[s].node);
    packed.push_back(weights.packed(plan_.ops[s], threads));
  }
  bind(packed);
}

template <class T>
void Executor<T>::bind(std::span<const std::span<const std::byte>> packed) {
  for (std::size_t s = 0; s < plan_.ops.size(); ++s)
    bound_[s].kernel = static_cast<const Kernel<T>*>(plan_.ops[s].kernel);
  Binder<T> binder{plan_, bound_, *threads_, *alone_};
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) {
    binder.bind_forward(s, packed[s]);
    if (plan_.training()) binder.bind_backward(s);
  }
  for (std::size_t s = 0; s < plan_.ops.size(); ++s) binder.bind_again(s);
}

/// Every op draws a mask of its own in every step.
template <class T>
std::uint64_t Executor<T>::seed_of(const Op& op, std::uint64_t step) const {
  return (seed_ * 0x9E3779B97F4A7C15ull + step) * 0xBF58476D1CE4E5B9ull + static_cast<std::uint64_t>(op.node);
}

template <class T>
void Executor<T>::run(std::size_t op, std::uint64_t step) {
  const OpProblem& problem = plan_.ops[op].problem;
  BoundOp<T>& bound = bound_[op];
  if (!bound.packed.empty()) bound.kernel->pack(problem, bound.params, bound.packed, *threads_);
  bound.forward[0].args.seed = seed_of(plan_.ops[op], step);
  bound.kernel->forward(problem, bound.forward[0].args);
}

template <class T>
void Executor<T>::run_region(const OpRegion& region, std::uint64_t step) {
  if (region.kind == OpRegion::Kind::together) {
    for (std::size_t s = region.begin; s < region.end; ++s) run(s, step);
    return;
  }
  const bool images = region.kind == OpRegion::Kind::by_image;
  threads_->run(images ? plan_.options.batch : plan_.options.threads, [&](int task, int thread) {
    const auto image = static_cast<std::size_t>(images ? task : 0),
               copy = static_cast<std::size_t>(images ? thread : task);
    for (const auto& rows : bound_[region.begin].forward[copy].rows_of_others)
      std::copy_n(rows.from, rows.size, rows.to);
    for (std::size_t s = region.begin; s < region.end; ++s) {
      BoundOp<T>& bound = bound_[s];
      ForwardCall<T>& call = bound.forward[copy];
      if (images) call.at_image(bound.first_image[copy], image);
      bound.kernel->forward(plan_.ops[s].problem, call.args);
    }
  });
}

template <class T>
void Executor<T>::forward(std::uint64_t step) {
  for (const OpRegion& region : plan_.regions) run_region(region, step);
}

template <class T>
void Executor<T>::backward(std::uint64_t step, bool overwrite, const std::function<void(std::size_t)>& done) {
  for (std::size_t s = plan_.ops.size(); s-- > 0;) {
    const Op& op = plan_.ops[s];
    BackwardCall<T>& call = bound_[s].backward;
    for (const auto& again : call.again) bound_[again.op].kernel->forward(plan_.ops[again.op].problem, again.args);
    call.args.seed = seed_of(op, step);
    call.args.overwrite = overwrite && op.kernel->abilities(op.problem).overwrites;
    if (overwrite && !call.args.overwrite)
      for (const std::span<T> gradient : bound_[s].param_gradients) std::fill(gradient.begin(), gradient.end(), T(0));
    bound_[s].kernel->backward(op.problem, call.args);
    for (const auto& sum : call.sums) add_to(sum.from, sum.to, *threads_);
    if (done) done(bound_[s].complete_from);
  }
}

template class Executor<float>;
template class Executor<double>;

}  // namespace lineament
