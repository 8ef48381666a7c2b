// The family of convolutions and dense layers: NHWC, weights {kernel, kernel, channels in / groups, channels out}. A
// dense layer is a 1x1 convolution over the samples of the batch as images of one pixel. Results are the same bits for
// any number of threads. The kernels themselves: conv/kernels.hpp.
#pragma once
#include <cstdint>

#include "kernels/kernel.hpp"
#include "lineament/nn/geometry.hpp"

namespace lineament {

/// What ConvGeometry, made for square windows without gaps, does not say of a window.
struct ConvWindow {
  bool plain = true;  ///< it is square and not dilated; the rest then does not count
  int width = 0, dilation = 1;
};

/// Sizes and circumstances that a convolution's kernel is chosen by.
struct ConvProblem {
  ConvGeometry g = {};
  ConvWindow window = {};
  Mode mode = Mode::infer;
  int threads = 1;
  Precision precision = Precision::fp32;
  Range range = {};  ///< of the input; Precision::int8
  Epilogue epilogue = {};

  bool training() const { return mode == Mode::train; }
};

/// What happens to a pixel's sums before they are written.
struct ConvEpilogue {
  const float* add = nullptr;  ///< of the output's size, added before the ReLU; not with a max-pool
  bool relu = false;
  bool max_pool = false;    ///< 2x2, stride 2: the output is half as high and wide, an odd row or column left out
  bool hard_swish = false;  ///< where the ReLU would be
  /// In training, with a max-pool: for each of its outputs which pixel of the window won (the first of equals), row by
  /// row from 0 to 3, as the layer MaxPool keeps it, or kCut where the ReLU cuts it off.
  std::uint8_t* winners = nullptr;
  static constexpr std::uint8_t kCut = 4;
};

struct ConvForward {
  const float* x = nullptr;
  ConstBytes x_bytes = {};   ///< int8: the input where it lies as bytes
  NormFactors norm = {};     ///< of the input
  const float* w = nullptr;  ///< as the network has them
  std::span<const std::byte> packed = {};
  const float* bias = nullptr;  ///< nullptr: none
  ConvEpilogue epilogue = {};
  float* y = nullptr;
  Bytes y_bytes = {};       ///< int8: the output where it lies as bytes
  NormBlocks moments = {};  ///< to be taken of the output
  std::span<std::byte> scratch = {};
  Threads* threads = nullptr;
};

/// The gradient with respect to what an epilogue, or the batch norm after a convolution, outputs, and what leads back
/// from there to the convolution's own sums.
struct ConvGradient {
  const float* dy = nullptr;
  const float* output = nullptr;          ///< what the ReLU (without a max-pool) output; with `norm`, the convolution
  const std::uint8_t* winners = nullptr;  ///< of a max-pool: see ConvEpilogue
  NormFactors norm = {};

  bool fused() const { return output != nullptr || winners != nullptr; }
};

/// dw and dbias (may be nullptr) are added to, or overwritten; dx (may be nullptr) is overwritten.
struct ConvBackward {
  const float* x = nullptr;
  NormFactors norm = {};                 ///< of the input; dx is then with respect to the normalised input
  std::span<const NormTerm> added = {};  ///< to the normalised input
  ImageGate gate = {};                   ///< by which the normalised input was multiplied
  const float* w = nullptr;
  ConvGradient dy = {};
  float* dx = nullptr;
  NormBlocks sums = {};  ///< to be taken of dx
  float* dw = nullptr;
  float* dbias = nullptr;
  bool overwrite = false;
  std::span<std::byte> scratch = {};
  Threads* threads = nullptr;
};

/// One way to convolve. A kernel implements what takes a ConvProblem; what takes an OpProblem translates. The names
/// differ because an overload in a derived class would hide the others.
class ConvKernel : public Kernel<float> {
 public:
  virtual const char* unfit(const ConvProblem&) const = 0;  ///< Kernel::refuses
  virtual bool any_window() const { return false; }         ///< it looks at ConvProblem::window
  virtual bool takes(const ConvProblem&, const Epilogue&) const { return false; }
  virtual Needs memory(const ConvProblem&) const = 0;  ///< but what a fused max-pool saves: that is the family's
  virtual std::optional<RowRange> input_rows(const ConvProblem&, RowRange) const { return std::nullopt; }
  virtual NormBlocks blocks(const ConvProblem&, Side) const { return {}; }
  /// `bias` may be nullptr.
  virtual void pack_weights(const ConvProblem&, const float* w, const float* bias, std::span<std::byte> to,
                            Threads&) const;
  virtual void run(const ConvProblem&, const ConvForward&) const = 0;
  /// Kernels for inference alone leave it out.
  virtual void gradients(const ConvProblem&, const ConvBackward&) const;

  const char* refuses(const OpProblem&) const final;
  bool fuses(const OpProblem&, const Epilogue&) const final;
  Needs needs(const OpProblem&) const final;
  std::optional<RowRange> rows_read(const OpProblem&, RowRange) const final;
  NormBlocks norm_blocks(const OpProblem&, Side) const final;
  void pack(const OpProblem&, std::span<const std::span<const float>>, std::span<std::byte>, Threads&) const final;
  void forward(const OpProblem&, const KernelForward<float>&) const final;
  void backward(const OpProblem&, const KernelBackward<float>&) const final;
};

/// The convolution that a layer (Conv2d or Dense) is.
ConvProblem conv_problem(const OpProblem&);

/// Rows of the input that the windows of rows of the output meet.
RowRange conv_input_rows(const ConvGeometry&, RowRange out);

/// Runs of `rows` rows of the output, each a block of pixels for a batch norm's sums.
inline NormBlocks rows_as_blocks(const ConvGeometry& g, int rows) {
  const auto width = static_cast<std::size_t>(g.out_w);
  return {nullptr, static_cast<std::size_t>(g.batch), static_cast<std::size_t>(g.out_h) * width,
          static_cast<std::size_t>(rows) * width};
}

/// 1x1, stride 1, no padding, one group: rows of an image mean nothing.
bool is_pointwise(const ConvGeometry&);

/// The window sees the whole image: a matrix product of samples with weights, as a dense layer is. NHWC puts inputs and
/// weights in the same order.
bool sees_all(const ConvGeometry&);

inline std::size_t weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.kernel * g.kernel) * static_cast<std::size_t>(g.in_c / g.groups * g.out_c);
}

}  // namespace lineament
