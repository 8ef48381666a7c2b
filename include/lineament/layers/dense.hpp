// Fully connected layer: y = x W + b.
#pragma once
#include "lineament/kernels/dense.hpp"
#include "lineament/layers/kernel.hpp"
#include "lineament/layers/low_precision_kernel.hpp"

namespace lineament {

struct Dense {
  static constexpr std::string_view kType = "dense";
  static constexpr Traits kTraits{.backward_reads_input = true};

  int features = 1;  ///< of the output
  bool bias = true;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("features", self.features);
    visit("bias", self.bias);
  }

  /// {n} -> {features}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    require_at_least("features", features, 1);
    if (inputs[0].rank() != 1) shape_error("a vector (put a flatten before it)", inputs[0]);
    return {features};
  }

  /// weight {n, features}, bias {features}.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const int in = inputs[0][0];
    ParamSpecs list{{.name = "weight",
                     .shape = {in, features},
                     .init = Init::weight,
                     .decay = true,
                     .fan_in = in,
                     .fan_out = features}};
    if (bias) list.push({.name = "bias", .shape = {features}});
    return list;
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const auto x = f.input().rows();
    const auto w = as_tensor(f.params[0], x.dimension(1), features);
    auto y = f.output.rows();
    y = x.contract(w, pair(1, 0));
    if (bias) y += as_tensor(f.params[1], 1, features).broadcast(std::array<Eigen::Index, 2>{x.dimension(0), 1});
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    const auto x = b.input().rows();
    const auto dy = b.output_gradient.rows();
    const auto w = as_tensor(b.params[0], x.dimension(1), features);
    as_tensor(b.param_gradients[0], x.dimension(1), features) += x.contract(dy, pair(0, 0));
    if (bias) as_tensor(b.param_gradients[1], features) += dy.sum(std::array<int, 1>{0});
    if (b.input_gradient().data != nullptr) b.input_gradient().rows() = dy.contract(w, pair(1, 1));
  }

  /// The 1x1 convolution whose pixels are the batch.
  ConvGeometry as_convolution(const Shape& input, int batch) const {
    return {batch, 1, 1, input[0], 1, 1, features, 1, 1, 0, 0, 1};
  }

 private:
  static std::array<Eigen::IndexPair<int>, 1> pair(int i, int j) { return {Eigen::IndexPair<int>(i, j)}; }
};

template <std::same_as<float> T>
struct Kernels<Dense, T> {
  static DenseGeometry geometry(const Dense& d, int batch, const Shape& in) { return {batch, in[0], d.features}; }
  /// In bfloat16 only from a few rows on: for fewer, reading the weights is what takes the time, and the activations may
  /// as well stay floats.
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
