// The kernels of pooling, and of its reverse. Each is implemented in the file of its name.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

/// Saves, in training, one byte an output value: the position in its window (row by row) of the first maximum.
class MaxPoolKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "max_pool"; }
  Needs needs(const OpProblem&) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class AvgPoolKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "avg_pool"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class GlobalAvgPoolKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "global_avg_pool"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

class UpsampleKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "upsample"; }
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

}  // namespace lineament
