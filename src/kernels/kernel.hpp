// How a layer names its kernels: a list in order of preference whose last entry is the Eigen reference, so that every
// layer always has one that fits. The memory plan picks one for each layer and asks it how much memory it wants.
#pragma once
#include <concepts>
#include <optional>
#include <span>
#include <string_view>

#include "kernels/pointwise.hpp"
#include "lineament/reference/all.hpp"

namespace lineament {

/// The sizes a kernel is chosen for.
struct KernelShapes {
  std::span<const Shape> inputs;
  Shape output;
  int batch = 1;
  Mode mode = Mode::infer;
  int threads = 1;
  Precision precision = Precision::fp32;
  Epilogue epilogue;  ///< what is fused into the step; nothing while that is being found out
};

/// For kernels of convolutions.
inline ConvEpilogue conv_epilogue(const Forward<float>& f) {
  return {f.epilogue.add ? f.inputs.back().data : nullptr, f.epilogue.relu, f.epilogue.max_pool,
          f.epilogue.max_pool && f.mode == Mode::train ? reinterpret_cast<std::uint8_t*>(f.saved.data()) : nullptr,
          f.output_bytes};
}
inline ConvGradient conv_gradient(const Backward<float>& b) {
  const Epilogue& e = b.epilogue;
  return {b.output_gradient.data, (e.relu && !e.max_pool) || b.output_norm ? b.output.data : nullptr,
          e.max_pool ? reinterpret_cast<const std::uint8_t*>(b.saved.data()) : nullptr, b.output_norm};
}

/// The rows of a convolution that Forward::rows asks for, as a convolution of their own.
struct ConvRows {
  ConvGeometry g;
  const float* x;
  ConvEpilogue epilogue;
  float* y;

  ConvRows(const ConvGeometry& whole, const Forward<float>& f)
      : g(whole), x(f.input().data), epilogue(conv_epilogue(f)), y(f.output.data) {
    if (f.rows.end == 0) return;
    const auto begin = static_cast<std::ptrdiff_t>(f.rows.begin);
    g.out_h = f.rows.end - f.rows.begin;
    if (pointwise_fits(whole)) {
      g.in_h = g.out_h;
      x += places(begin * g.in_w * g.in_c, f.input_bytes);
    } else {
      g.pad_top -= f.rows.begin * g.stride;  // negative: the window of the first row begins further down
    }
    y += places(begin * g.out_w * g.out_c, f.output_bytes);
    if (epilogue.add != nullptr) epilogue.add += begin * g.out_w * g.out_c;
  }

 private:
  /// Floats' places that so many values take: bytes lie four in one, and pixels of them are multiples of four.
  static std::ptrdiff_t places(std::ptrdiff_t values, ByteScale bytes) { return bytes ? values / 4 : values; }
};

template <class Layer, class T>
struct Kernel {
  std::string_view name;
  bool (*fits)(const Layer&, const KernelShapes&) = nullptr;  ///< nullptr: always
  /// Whether it does the epilogue's work, too (nullptr: never). In training such a step reads its input again in
  /// `backward`, what it saved and, if `relu_by_output`, its output: there is no memory for what lies between.
  bool (*fuses)(const Layer&, const KernelShapes&, const Epilogue&) = nullptr;
  std::size_t (*saved_bytes)(const Layer&, const KernelShapes&) = nullptr;   ///< kept from forward to backward
  std::size_t (*scratch_size)(const Layer&, const KernelShapes&) = nullptr;  ///< values of T while it runs
  /// Parameters in an order of the kernel's own: made once for a session that infers, before each `forward` in
  /// training.
  std::size_t (*packed_size)(const Layer&, const KernelShapes&) = nullptr;
  void (*pack)(const Layer&, const Pack<T>&) = nullptr;
  bool can_add = false;  ///< `fuses` knows Epilogue::add
  /// With Precision::int8: whether its first input and its output may be bytes (Forward::input_bytes, output_bytes).
  bool reads_bytes = false, writes_bytes = false;
  bool relu_by_output = false;  ///< a fused ReLU without a max-pool behind it is led back by the output's sign
  /// In training: whether it can make the output of a batch norm before it (Forward::norm) and the gradient by the
  /// input of one behind it (Backward::output_norm) itself; and how the batch norm tells what is needed for that.
  bool makes_norm = false, makes_norm_gradient = false;
  /// How it cuts the pixels of its output (or input) into blocks whose sums it takes for such a norm; nullptr: it does
  /// not.
  NormBlocks (*norm_blocks)(const Layer&, const KernelShapes&, bool of_input) = nullptr;
  NormFactors (*norm_factors)(std::span<const std::byte> saved, std::span<const std::span<const T>> params,
                              const Epilogue&) = nullptr;
  /// When inferring one picture, for kernels that can be asked for some rows of the output (Forward::rows): which rows
  /// of the input they read for them. nullopt: it cannot with these shapes.
  std::optional<RowRange> (*rows_read)(const Layer&, const KernelShapes&, RowRange rows) = nullptr;
  bool can_overwrite = false;        ///< the gradients of its parameters may be overwritten instead of added to
  bool gradient_over_input = false;  ///< the gradient by the input may be written where the input lies
  void (*forward)(const Layer&, const Forward<T>&) = nullptr;
  void (*backward)(const Layer&, const Backward<T>&) = nullptr;
};

/// Bytes the reference implementation of a layer keeps from forward to backward.
template <class Layer, class T>
std::size_t reference_saved_bytes(const Layer& layer, const KernelShapes& s) {
  return s.mode == Mode::train ? saved_bytes(layer, s.inputs, s.batch, sizeof(T)) : 0;
}

template <class Layer, class T>
constexpr Kernel<Layer, T> reference_kernel() {
  return {.name = "reference",
          .saved_bytes = reference_saved_bytes<Layer, T>,
          .forward = [](const Layer& layer, const Forward<T>& f) { Reference<Layer>::forward(layer, f); },
          .backward = [](const Layer& layer, const Backward<T>& b) { Reference<Layer>::backward(layer, b); }};
}

/// The list for one layer and scalar. A layer's file specialises it for float, as a template still: the compiler then
/// makes the definitions in Eigen only where lists are read (src/plan/steps_*.cpp), not in every file that names a
/// layer.
template <class Layer, class T>
struct Kernels {
  static constexpr Kernel<Layer, T> list[] = {reference_kernel<Layer, T>()};
};

}  // namespace lineament
