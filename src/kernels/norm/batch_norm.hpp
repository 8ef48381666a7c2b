// Batch normalisation over {pixels, channels}, with the ReLU and the 2x2 max-pool that often follow it in the same pass
// over memory: nothing between the input and the last output is stored, the backward pass computes it again. Sums are
// taken over fixed blocks of pixels and added up in order.
#pragma once
#include "kernels/kernel.hpp"

namespace lineament {

class BatchNormKernel final : public Kernel<float> {
 public:
  std::string_view name() const override { return "batch_norm"; }
  bool fuses(const OpProblem&, const Epilogue&) const override;
  Needs needs(const OpProblem&) const override;
  Abilities abilities(const OpProblem&) const override { return {.gradient_over_input = true}; }
  bool is_norm() const override { return true; }
  NormFactors norm_factors(const OpProblem&, std::span<const std::byte> saved,
                           std::span<const float> shift) const override;
  void forward(const OpProblem&, const KernelForward<float>&) const override;
  void backward(const OpProblem&, const KernelBackward<float>&) const override;
};

}  // namespace lineament
