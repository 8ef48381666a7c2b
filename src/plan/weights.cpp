#include "plan/weights.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/common/isa.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"

namespace lineament {
namespace {

template <class T>
bool has_batch_norm(const BasicNetwork<T>& network) {
  for (NodeId id = 1; id <= network.spec().size(); ++id)
    if (std::holds_alternative<BatchNorm>(network.spec()[id].layer)) return true;
  return false;
}

/// In floating point a NaN among the weights shows in the outputs. A byte has none: it would become some number.
template <class T>
void require_numbers(const OpProblem& problem, std::span<const std::span<const T>> params, const std::string& layer) {
  if (problem.precision != Precision::int8) return;
  for (const std::span<const T> param : params)
    for (const T v : param)
      if (!std::isfinite(v))
        throw ArgumentError({layer, "weights cannot be rounded to int8", "finite numbers", std::to_string(v),
                             "train the network with a lower learning rate, or run it in fp32"});
}

}  // namespace

template <class T>
PreparedWeights<T>::PreparedWeights(const BasicNetwork<T>& network, bool fold)
    : network_(&network), revision_(network.revision()), isa_(isa_token()) {
  if (fold && has_batch_norm(network)) folded_ = fold_batch_norm(network);
  const BasicNetwork<T>& values = folded_ ? *folded_ : network;
  bare_ = values.without_weights();
  bind(values);
}

template <class T>
void PreparedWeights<T>::bind(const BasicNetwork<T>& values) {
  params_.resize(static_cast<std::size_t>(values.spec().size()) + 1);
  for (NodeId id = 1; id <= values.spec().size(); ++id)
    for (const ParamInfo& info : values.params_of(id))
      params_[static_cast<std::size_t>(id)].push_back(values.values(info));
}

template <class T>
void PreparedWeights<T>::check_isa() const {
  if (isa_ != isa_token())
    throw ArgumentError({"session", "the weights were prepared for another instruction set",
                         "the one in use when they were prepared", current_isa(),
                         "call force_isa() first, or prepare the weights anew"});
}

/// What is packed depends on kernel and precision, and in int8 on the range of the input.
template <class T>
auto PreparedWeights<T>::find(const Op& op, std::size_t size) const -> const Entry* {
  for (const Entry& e : entries_) {
    const bool same_range = op.problem.precision != Precision::int8 || e.problem.range == op.problem.range;
    if (e.node == op.node && e.kernel == op.kernel && e.bytes.size() == size &&
        e.problem.precision == op.problem.precision && same_range)
      return &e;
  }
  return nullptr;
}

template <class T>
void PreparedWeights<T>::require_there(const Op& op) const {
  for (const std::span<const T> param : params(op.node))
    if (param.empty())
      throw ArgumentError({bare_.spec()[op.node].name.str(), "its weights were packed for other options, and released",
                           "the precision, ranges and passes that pack_weights() was given", "others",
                           "give the session the same options, or share prepare_weights() instead"});
}

template <class T>
std::span<const std::byte> PreparedWeights<T>::packed(const Op& op, Threads& threads) {
  check_isa();
  const std::size_t size = op.kernel->needs(op.problem).packed;
  const auto* kernel = static_cast<const Kernel<T>*>(op.kernel);
  const std::lock_guard lock(mutex_);
  if (size > 0)
    if (const Entry* entry = find(op, size)) return entry->bytes.span();
  require_there(op);
  if (size == 0) return {};
  require_numbers<T>(op.problem, params(op.node), bare_.spec()[op.node].name.str());
  Entry& entry = entries_.emplace_back(Entry{op.node, kernel, op.problem, Buffer<std::byte>(size)});
  kernel->pack(entry.problem, params(op.node), entry.bytes.span(), threads);
  return entry.bytes.span();
}

template <class T>
void PreparedWeights<T>::refresh(Threads& threads) {
  if (network_ == nullptr || network_->revision() == revision_) return;
  const std::lock_guard lock(mutex_);
  if (folded_) {
    const BasicNetwork<T> folded = fold_batch_norm(*network_);
    std::copy(folded.weights().begin(), folded.weights().end(), folded_->weights().begin());
  }
  for (Entry& e : entries_) {
    require_numbers<T>(e.problem, params(e.node), bare_.spec()[e.node].name.str());
    e.kernel->pack(e.problem, params(e.node), e.bytes.span(), threads);
  }
  revision_ = network_->revision();  // last: after an exception the next run must not take these weights for packed
}

template <class T>
void PreparedWeights<T>::detach(std::span<const Op> ops) {
  for (const Op& op : ops) {
    const bool packed = op.kernel->abilities(op.problem).reads_packed_only;
    for (std::span<const T>& param : params_[static_cast<std::size_t>(op.node)]) {
      if (packed) {
        param = {};
        continue;
      }
      kept_.emplace_back(param.size());
      std::copy(param.begin(), param.end(), kept_.back().data());
      param = kept_.back().span();
    }
  }
  network_ = nullptr;
  folded_.reset();
}

template <class T>
std::size_t PreparedWeights<T>::bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const Entry& e : entries_) sum += e.bytes.size();
  for (const Buffer<T>& kept : kept_) sum += kept.size() * sizeof(T);
  return sum;
}

template class PreparedWeights<float>;
template class PreparedWeights<double>;

}  // namespace lineament
