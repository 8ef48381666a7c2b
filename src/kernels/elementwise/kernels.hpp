// The kernels of layers that take every value alone. Each is implemented in the file of its name.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

class ActivationKernel final : public Kernel<float> {
 public:
  enum class Function { relu, silu, hard_swish, sigmoid };
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

class PReLUKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "prelu"; }
  Needs needs(const OpProblem&) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

}  // namespace lineament
