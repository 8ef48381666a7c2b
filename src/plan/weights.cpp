#include "plan/weights.hpp"

#include <algorithm>

namespace lineament {
namespace {

template <class T>
bool has_batch_norm(const BasicNetwork<T>& network) {
  for (NodeId id = 1; id <= network.spec().size(); ++id)
    if (std::holds_alternative<BatchNorm>(network.spec()[id].layer)) return true;
  return false;
}

}  // namespace

template <class T>
PreparedWeights<T>::PreparedWeights(const BasicNetwork<T>& network, bool fold)
    : network_(&network), revision_(network.revision()) {
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
std::span<const std::byte> PreparedWeights<T>::packed(const Op& op, Threads& threads) {
  const std::size_t size = op.kernel->needs(op.problem).packed;
  if (size == 0) return {};
  const auto* kernel = static_cast<const Kernel<T>*>(op.kernel);
  const std::lock_guard lock(mutex_);
  for (const Entry& e : entries_)
    if (e.node == op.node && e.kernel == kernel && e.bytes.size() == size) return e.bytes.span();
  Entry& entry = entries_.emplace_back(Entry{op.node, kernel, op.problem, Buffer<std::byte>(size)});
  kernel->pack(entry.problem, params(op.node), entry.bytes.span(), threads);
  return entry.bytes.span();
}

template <class T>
void PreparedWeights<T>::refresh(Threads& threads) {
  if (network_ == nullptr || network_->revision() == revision_) return;
  const std::lock_guard lock(mutex_);
  revision_ = network_->revision();
  if (folded_) {
    const BasicNetwork<T> folded = fold_batch_norm(*network_);
    std::copy(folded.weights().begin(), folded.weights().end(), folded_->weights().begin());
  }
  for (Entry& e : entries_) e.kernel->pack(e.problem, params(e.node), e.bytes.span(), threads);
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
