// The kernels of layers that take every value by itself. Each is implemented in the file of its name.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

class ActivationKernel final : public Kernel<float> {
 public:
  enum class Function { relu, silu, hard_swish, sigmoid, tanh };
  explicit constexpr ActivationKernel(Function function) : function_(function) {}

  std::string_view name() const override { return "activation"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;

 private:
  Function function_;
};

class AddKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "add"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class LeakyReLUKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "leaky_relu"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

/// With one value for each channel, the first input may be a batch norm's output that is made when it is read.
class MultiplyKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "multiply"; }
  Needs needs(const OpProblem&) const override;
  Abilities abilities(const OpProblem&) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class PReLUKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "prelu"; }
  Needs needs(const OpProblem&) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

}  // namespace lineament
