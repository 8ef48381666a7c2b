// The kernels of convolutions and dense layers. Each is implemented in the file of its name, some with their gradients
// in another beside it; registry.cpp says in which order they are asked.
#pragma once
#include "kernels/conv/conv.hpp"

namespace lineament {

/// Short products: int8 (activations 0 … 255, weights of 8 bits, exact sums in 32 bits), bfloat16 (sums in float) and,
/// on AMX, floats as sums of two bfloat16. All multiply 32 bits of activations with 32 bits of weights at a time, four
/// or two channels, and differ in little else. Jacob et al., "Quantization and Training of Neural Networks for
/// Efficient Integer-Arithmetic-Only Inference", CVPR 2018. Packed: weights, bias and the input's scale. For inference
/// alone.
class LowPrecision : public ConvKernel {
 public:
  bool takes(const ConvProblem&, const Epilogue&) const override;
  Needs memory(const ConvProblem&) const override;
  std::optional<RowRange> input_rows(const ConvProblem&, RowRange) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
};

/// Scales the weights of every channel out on its own; cuts off activations outside the range that was measured. Input
/// and output may be bytes where the input's channels are a multiple of 4.
class Int8 final : public LowPrecision {
 public:
  std::string_view name() const override { return "int8"; }
  Abilities abilities(const OpProblem&) const override {
    return {.reads_packed_only = true, .bytes = true, .hard_swish = true};
  }
  const char* unfit(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
};

/// int8 with one channel a group, rounded as Int8 does, on processors that multiply bytes four at a time (VNNI):
/// elsewhere floats are faster. Input and output may be bytes. For inference alone. Packed: the input's scale, then
/// scales, offsets and words of weights.
class DepthwiseInt8 final : public ConvKernel {
 public:
  std::string_view name() const override { return "depthwise_int8"; }
  Abilities abilities(const OpProblem&) const override {
    return {.reads_packed_only = true, .bytes = true, .hard_swish = true};
  }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem&, const Epilogue& e) const override { return !e.max_pool && !e.add; }
  Needs memory(const ConvProblem&) const override;
  std::optional<RowRange> input_rows(const ConvProblem&, RowRange) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
};

/// Activations and weights rounded to bfloat16, on processors that multiply pairs of them faster than floats (AMX,
/// AMD's AVX512_BF16).
class Bf16 final : public LowPrecision {
 public:
  std::string_view name() const override { return "bf16"; }
  Abilities abilities(const OpProblem&) const override { return {.reads_packed_only = true, .hard_swish = true}; }
  const char* unfit(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
};

/// Inference in fp32 on AMX: activations and weights are split into two bfloat16 each. What is infinite, or beyond
/// 3.38e38, becomes NaN; what is below 1e-36 loses its last bits.
class Bf16x3 final : public LowPrecision {
 public:
  std::string_view name() const override { return "bf16x3"; }
  Abilities abilities(const OpProblem&) const override { return {.hard_swish = true}; }
  const char* unfit(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
};

/// Dense layers with weights in bfloat16, rounded to nearest, and activations and sums in float: for a few samples
/// reading the weights is what takes the time. For one to three samples weights of inputs that are zero need not be
/// read.
class Bf16Weights final : public ConvKernel {
 public:
  std::string_view name() const override { return "bf16_weights"; }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem&, const Epilogue& e) const override { return !e.max_pool && !e.add; }
  Needs memory(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
};

/// groups = channels in = channels out. The input may be a batch norm's output that is made when it is read; dx is then
/// the gradient with respect to that output, also where others were added to it.
class Depthwise final : public ConvKernel {
 public:
  std::string_view name() const override { return "depthwise"; }
  Abilities abilities(const OpProblem&) const override {
    return {.reads_norm = true, .writes_norm_gradient = true, .hard_swish = true};
  }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem& p, const Epilogue& e) const override { return !p.training() && !e.max_pool && !e.add; }
  Needs memory(const ConvProblem&) const override;
  std::optional<RowRange> input_rows(const ConvProblem&, RowRange) const override;
  NormBlocks blocks(const ConvProblem&, Side) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

/// A matrix product: dense layers, and windows that see the whole image. For one sample of more than 512 inputs,
/// weights of inputs that are zero need not be read (row_reading.hpp): one that is infinite or NaN need not show there.
class Gemm final : public ConvKernel {
 public:
  std::string_view name() const override { return "gemm"; }
  Abilities abilities(const OpProblem&) const override { return {.overwrites = true}; }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem& p, const Epilogue& e) const override { return !p.training() && !e.max_pool && !e.add; }
  Needs memory(const ConvProblem&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

/// 1x1 convolutions of stride 1: a matrix product over all pixels of the batch, whatever their rows. In training the
/// input may be a batch norm's output that is made when it is read; dx is then the gradient with respect to that
/// output, also where others were added to it or it was multiplied by a gate.
class Pointwise : public ConvKernel {
 public:
  std::string_view name() const override { return "pointwise"; }
  Abilities abilities(const OpProblem&) const override {
    return {.reads_norm = true, .reads_gate = true, .writes_norm_gradient = true, .hard_swish = true};
  }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem& p, const Epilogue& e) const override { return !p.training() && !e.max_pool; }
  Needs memory(const ConvProblem&) const override;
  std::optional<RowRange> input_rows(const ConvProblem&, RowRange rows) const override { return rows; }
  NormBlocks blocks(const ConvProblem&, Side) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

/// The same in training with both sides rounded to bfloat16, forward and for the gradient with respect to the input;
/// sums, and the gradient with respect to the weights altogether, in float.
class PointwiseBf16 final : public Pointwise {
 public:
  std::string_view name() const override { return "pointwise_bf16"; }
  const char* unfit(const ConvProblem&) const override;
  Needs memory(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

/// Convolutions whose output is a few pixels, when inferring: their windows are copied out as rows of a matrix, so that
/// all pixels share each weight that is read. Reading the weights is what takes the time there, and Winograd's are four
/// times as large.
class Im2col final : public ConvKernel {
 public:
  std::string_view name() const override { return "im2col"; }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem&, const Epilogue& e) const override { return !e.max_pool; }
  Needs memory(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
};

/// 3x3 convolutions of stride 1 with fewer multiplications: Winograd's minimal filtering (Lavin & Gray, "Fast
/// algorithms for convolutional neural networks", CVPR 2016), forward and for both gradients. For each pair of channels
/// F(4x4, 3x3) takes 36 multiplications for a 4x4 tile of outputs, instead of 144, and F(6x6, 3x3) takes 64 for one of
/// 6x6, instead of 324. Errors: docs/decisions/005. In training the input may be a batch norm's output that is made
/// when it is read; dx is then the gradient with respect to that output, also where others were added to it.
class Winograd final : public ConvKernel {
 public:
  explicit constexpr Winograd(int side) : side_(side) {}
  std::string_view name() const override { return side_ == 4 ? "winograd" : "winograd_6x6"; }
  Abilities abilities(const OpProblem&) const override {
    return {.relu_by_output = true, .reads_norm = true, .writes_norm_gradient = true};
  }
  const char* unfit(const ConvProblem&) const override;
  bool takes(const ConvProblem&, const Epilogue& e) const override { return !(e.max_pool && e.add); }
  Needs memory(const ConvProblem&) const override;
  NormBlocks blocks(const ConvProblem&, Side) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;

 private:
  int side_;  ///< of a tile of outputs: 4 or 6
};

/// Any convolution, as an implicit matrix product over strips of rows. Both gradients in one pass over that of the
/// output; images are what threads share out in training, one of them is not cut.
class Direct final : public ConvKernel {
 public:
  std::string_view name() const override { return "direct"; }
  Abilities abilities(const OpProblem&) const override {
    return {.relu_by_output = true, .writes_norm_gradient = true};
  }
  const char* unfit(const ConvProblem&) const override { return nullptr; }
  bool takes(const ConvProblem&, const Epilogue& e) const override { return !(e.max_pool && e.add); }
  Needs memory(const ConvProblem&) const override;
  NormBlocks blocks(const ConvProblem&, Side) const override;
  std::optional<RowRange> input_rows(const ConvProblem&, RowRange) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

/// Rectangular and dilated windows, and no others.
class Windows final : public ConvKernel {
 public:
  std::string_view name() const override { return "windows"; }
  const char* unfit(const ConvProblem&) const override;
  bool any_window() const override { return true; }
  bool takes(const ConvProblem& p, const Epilogue& e) const override { return !p.training() && !e.max_pool; }
  Needs memory(const ConvProblem&) const override;
  void pack_weights(const ConvProblem&, const float*, const float*, std::span<std::byte>, Threads&) const override;
  void run(const ConvProblem&, const ConvForward&) const override;
  void gradients(const ConvProblem&, const ConvBackward&) const override;
};

}  // namespace lineament
