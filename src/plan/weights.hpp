// The weights that inferring sessions read: batch norms folded, and packed for the kernels, once for all sessions.
#pragma once
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "lineament/buffer.hpp"
#include "lineament/nn/network.hpp"
#include "plan/plan.hpp"

namespace lineament {

template <class T>
class PreparedWeights {
 public:
  using Params = std::vector<std::span<const T>>;

  PreparedWeights(const BasicNetwork<T>& network, bool fold);

  /// What sessions run, folded if asked for; without its weights, and where it is for good.
  const BasicNetwork<T>& network() const { return bare_; }
  /// A layer's parameters, in the order of its own list.
  const Params& params(NodeId node) const { return params_[static_cast<std::size_t>(node)]; }
  /// What the op's kernel made of them: packed now, or for another session before. Stays where it is. Throws
  /// ArgumentError if they were made for another instruction set, or detach() let go of what the kernel reads.
  std::span<const std::byte> packed(const Op& op, Threads& threads);
  /// Folds and packs anew, in place, if the network has changed since.
  void refresh(Threads& threads);
  /// Lets go of the network and keeps, of the weights that are not packed, those that these ops read: for int8, which
  /// is a quarter of them. No call of packed() may be under way.
  void detach(std::span<const Op> ops);
  /// Of packed weights, and of those kept by detach().
  std::size_t bytes() const;

 private:
  struct Entry {
    NodeId node;
    const Kernel<T>* kernel;
    OpProblem problem;
    Buffer<std::byte> bytes;
  };
  void bind(const BasicNetwork<T>& values);
  const Entry* find(const Op& op, std::size_t size) const;
  void check_isa() const;
  void require_there(const Op& op) const;

  const BasicNetwork<T>* network_;  // nullptr: detached
  std::uint64_t revision_;
  int isa_;
  std::optional<BasicNetwork<T>> folded_;
  BasicNetwork<T> bare_;
  std::vector<Params> params_;  // by NodeId
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;  // never moves one
  std::deque<Buffer<T>> kept_;
};

extern template class PreparedWeights<float>;
extern template class PreparedWeights<double>;

}  // namespace lineament
