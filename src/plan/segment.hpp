// A run of steps of a graph with its memory planned, for one batch size. A session is one part, or, when it infers many
// pictures, two: what every thread does with one picture after the other, and what is done with all of them together.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "plan/bands.hpp"
#include "plan/memory_plan.hpp"
#include "plan/steps.hpp"

namespace lineament {

template <class T>
class Segment {
 public:
  struct Options {
    SessionOptions session;
    NodeId input = Spec::kInput;  ///< the value that the steps start from
    bool ends_outside = false;    ///< input and last output lie outside: run() is told where
  };
  /// `trained` is the same network if it may change, otherwise nullptr.
  Segment(const BasicNetwork<T>& network, BasicNetwork<T>* trained, std::vector<Step<T>> steps, const Options& options,
          Threads& threads);

  /// Brings the weights into their kernels' order; in training before each forward step anyway.
  void pack();
  /// Uses what another part for the same steps has packed.
  void share_packed(const Segment& other);

  void forward(std::uint64_t step_number);
  /// A single one of the steps that `forward` runs in order.
  void run(std::size_t index, std::uint64_t step_number);
  /// With ends_outside: from one place to another.
  void forward(std::uint64_t step_number, const T* input, T* output);
  /// Overwrites the gradients of parameters if `overwrite`, otherwise adds to them.
  void backward(std::uint64_t step_number, bool overwrite);

  std::span<T> input() { return input_; }
  std::span<const T> output() const { return output_; }
  std::span<T> output_gradient() { return output_gradient_; }
  std::span<const T> input_gradient() const { return input_gradient_; }
  Buffer<T>& param_gradients() { return param_gradients_; }
  const std::vector<Step<T>>& steps() const { return steps_; }
  std::size_t arena_bytes() const { return memory_.size(); }

 private:
  const Spec& spec() const { return network_->spec(); }
  const Shape& shape(NodeId id) const { return network_->shapes()[id]; }
  NodeId last() const { return steps_.back().output; }
  bool training() const { return options_.session.mode == Mode::train; }
  std::size_t value_bytes(NodeId id) const;
  bool is_bytes(NodeId id) const;
  View<T> view(std::span<T> place, NodeId id) const { return {place.data(), options_.session.batch, shape(id)}; }

  // Time runs 1 … n through the forward steps and n + 1 … 2n back through the backward ones.
  int last_time() const { return (training() ? 2 : 1) * static_cast<int>(steps_.size()) + 1; }
  int backward_time(int forward_time) const { return 2 * static_cast<int>(steps_.size()) + 1 - forward_time; }

  void plan_values();
  bool works_in_place(const Step<T>& step) const;
  void plan_gradients();
  MemoryPlan::Id plan_input_gradient(const Step<T>& step, NodeId input, MemoryPlan::Id own, int now);
  void bind_memory();
  void bind_parameters(Step<T>& step);
  void bind_made(Step<T>& step);
  void plan_norm_blocks();
  NormFactors norm_factors(std::size_t norm) const;
  void pack(Step<T>& step);
  Forward<T> forward_of(const Step<T>& step, std::uint64_t step_number);
  void plan_bands();
  void bind_shares(Step<T>& step);
  void run_band(std::size_t begin, std::size_t end, std::uint64_t step_number);

  const BasicNetwork<T>* network_;
  BasicNetwork<T>* trained_;
  Options options_;
  Threads* threads_;
  std::unique_ptr<Threads> alone_ = std::make_unique<Threads>(1);  // for what a thread does on its own
  std::vector<Step<T>> steps_;
  Bands bands_;

  MemoryPlan memory_;
  std::vector<MemoryPlan::Id> values_, gradients_;  // by NodeId
  std::vector<bool> has_gradient_;                  // by NodeId: a buffer was planned
  std::vector<bool> keep_;  // by NodeId: a backward step reads it as its own output, so nothing may write over it
  struct StepMemory {
    MemoryPlan::Id saved, packed, forward_scratch, backward_scratch;
    MemoryPlan::Id moments, gradient_sums;  // of a batch norm
    std::vector<MemoryPlan::Id> input_gradients;
    std::vector<bool> wanted, summed;  // by input
  };
  std::vector<StepMemory> step_memory_;

  Buffer<T> param_gradients_;
  std::span<T> input_, output_gradient_, input_gradient_;
  std::span<const T> output_;
};

}  // namespace lineament
