// Walks a plan: every op's calls are made ready once (bind.hpp), then forward and backward only go through them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/norm/parts.hpp"
#include "plan/plan.hpp"
#include "plan/weights.hpp"

namespace lineament {

/// A call of an op's forward: for all threads together, or for one thread's copy of the values.
template <class T>
struct ForwardCall {
  KernelForward<T> args;
  std::vector<View<const T>> inputs;
  /// A region by image: values from one image to the next, of inputs and output that hold the whole batch; otherwise 0.
  std::vector<std::size_t> input_steps;
  std::size_t output_step = 0;
  /// A region by rows: rows of the first input that others have written.
  struct Copy {
    const std::byte* from;
    std::byte* to;
    std::size_t size;
  };
  std::vector<Copy> rows_of_others;

  void at_image(const ForwardCall& first, std::size_t image);
};

template <class T>
struct BackwardCall {
  KernelBackward<T> args;
  std::vector<View<const T>> inputs;
  std::vector<View<T>> input_gradients;
  std::vector<NormTerm> added;
  struct Again {
    std::size_t op;
    KernelForward<T> args;
  };
  std::vector<Again> again;  ///< before: ops whose outputs were not kept
  struct Sum {
    std::span<const T> from;
    std::span<T> to;
  };
  std::vector<Sum> sums;  ///< afterwards: gradients of a value that several layers read
};

template <class T>
struct BoundOp {
  const Kernel<T>* kernel = nullptr;
  std::vector<std::span<const T>> params;
  std::vector<std::span<T>> statistics, param_gradients;
  std::size_t complete_from = 0;            ///< gradients from this one on have their values after its backward
  std::span<std::byte> packed;              ///< training: packed before each forward
  std::vector<ForwardCall<T>> forward;      ///< one, or one for each thread
  std::vector<ForwardCall<T>> first_image;  ///< by image: `forward` as it is for image 0
  BackwardCall<T> backward;
};

template <class T>
class Executor {
 public:
  /// Training: of a network that may change; packs in every forward.
  Executor(Plan plan, BasicNetwork<T>& network, std::uint64_t seed, Threads& threads, BatchParts* parts = nullptr);
  /// Inferring.
  Executor(Plan plan, PreparedWeights<T>& weights, Threads& threads);

  void forward(std::uint64_t step);
  /// Runs one op alone: of a plan without regions.
  void run(std::size_t op, std::uint64_t step);
  /// Overwrites the gradients of parameters if `overwrite`, otherwise adds to them. `done` may be empty: see
  /// BasicTrainingSession::backward.
  void backward(std::uint64_t step, bool overwrite, const std::function<void(std::size_t)>& done);

  const Plan& plan() const { return plan_; }
  std::span<T> value(ValueId id) { return plan_.memory.template get<T>(plan_.value(id).memory); }
  /// Empty where nobody asks for it.
  std::span<T> gradient(ValueId id) {
    const MemoryPlan::Id memory = plan_.value(id).gradient;
    return memory == kNone ? std::span<T>() : plan_.memory.template get<T>(memory);
  }
  Buffer<T>& param_gradients() { return param_gradients_; }

 private:
  void bind(std::span<const std::span<const std::byte>> packed);
  void find_complete_gradients();
  void share_norms(BatchParts& parts);
  void run_region(const OpRegion& region, std::uint64_t step);
  std::uint64_t seed_of(const Op& op, std::uint64_t step) const;

  Plan plan_;
  std::uint64_t seed_ = 0;
  Threads* threads_;
  std::unique_ptr<Threads> alone_ = std::make_unique<Threads>(1);  // for what a thread does on its own
  std::vector<BoundOp<T>> bound_;
  Buffer<T> param_gradients_;
  std::unique_ptr<PairsOfParts> parts_;  ///< training a batch in parts: for its norms
};

extern template class Executor<float>;
extern template class Executor<double>;

}  // namespace lineament
