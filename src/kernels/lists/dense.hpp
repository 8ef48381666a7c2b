// The float kernels of dense layers, in order of preference.
#pragma once
#include "kernels/dense.hpp"
#include "kernels/kernel.hpp"
#include "kernels/lists/low_precision.hpp"
#include "lineament/nn/layers/dense.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<Dense, T> {
  static DenseGeometry geometry(const Dense& d, int batch, const Shape& in) { return {batch, in[0], d.features}; }
  /// In bfloat16 only from a few rows on: for fewer, reading the weights is what takes the time, and the activations
  /// may as well stay floats.
  template <Number kNumber>
  static bool low_precision(const Dense& d, const KernelShapes& s) {
    return s.mode == Mode::infer && s.precision == precision_of(kNumber) &&
           low_precision_fits(d.as_convolution(s.inputs[0], s.batch), kNumber) &&
           (kNumber == Number::int8 || s.batch >= 4);
  }

  static constexpr Kernel<Dense, float> list[] = {
      low_precision_kernel<Dense, Number::int8, &Dense::as_convolution>("int8", low_precision<Number::int8>),
      low_precision_kernel<Dense, Number::bf16, &Dense::as_convolution>("bf16 products", low_precision<Number::bf16>),
      {.name = "bf16",
       .fits = [](const Dense&,
                  const KernelShapes& s) { return s.mode == Mode::infer && s.precision == Precision::bf16; },
       .fuses = [](const Dense&, const KernelShapes&, const Epilogue& e) { return !e.max_pool; },
       .scratch_size =
           [](const Dense& d, const KernelShapes& s) {
             return dense_bf16_scratch(geometry(d, s.batch, s.inputs[0]), s.threads);
           },
       .packed_size = [](const Dense& d,
                         const KernelShapes& s) { return dense_bf16_size(geometry(d, s.batch, s.inputs[0])); },
       .pack =
           [](const Dense& d, const Pack<float>& p) {
             dense_bf16_weights(geometry(d, p.input.batch, p.input.shape), p.params[0].data(), p.packed.data());
           },
       .forward =
           [](const Dense& d, const Forward<float>& f) {
             dense_bf16_forward(geometry(d, f.input().batch, f.input().shape), f.input().data, f.packed.data(),
                                d.bias ? f.params[1].data() : nullptr, f.epilogue.relu, f.output.data, f.scratch.data(),
                                *f.threads);
           }},
      {.name = "gemm",
       .fuses = [](const Dense&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::infer && !e.max_pool; },
       .scratch_size =
           [](const Dense& d, const KernelShapes& s) {
             return dense_scratch(geometry(d, s.batch, s.inputs[0]), s.mode == Mode::train, s.threads);
           },
       .can_overwrite = true,
       .forward =
           [](const Dense& d, const Forward<float>& f) {
             dense_forward(geometry(d, f.input().batch, f.input().shape), f.input().data, f.params[0].data(),
                           d.bias ? f.params[1].data() : nullptr, f.epilogue.relu, f.output.data, f.scratch.data(),
                           *f.threads);
           },
       .backward =
           [](const Dense& d, const Backward<float>& b) {
             dense_backward(geometry(d, b.input().batch, b.input().shape), b.input().data, b.params[0].data(),
                            b.output_gradient.data, b.input_gradient().data, b.param_gradients[0].data(),
                            d.bias ? b.param_gradients[1].data() : nullptr, !b.overwrite, b.scratch.data(), *b.threads);
           }},
      reference_kernel<Dense, float>(),
  };
};

}  // namespace lineament
