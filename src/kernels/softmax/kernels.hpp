// The kernels of layers that turn values into probabilities. Each is implemented in the file of its name.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

class SoftmaxKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "softmax"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class SoftArgmaxKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "soft_argmax"; }
  Needs needs(const OpProblem&) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

}  // namespace lineament
