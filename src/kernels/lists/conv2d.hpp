// The float kernels of convolutions, in order of preference.
#pragma once
#include "kernels/dense.hpp"
#include "kernels/im2col.hpp"
#include "kernels/lists/low_precision.hpp"
#include "kernels/pointwise.hpp"
#include "kernels/winograd.hpp"
#include "lineament/nn/layers/conv2d.hpp"

namespace lineament {

template <std::same_as<float> T>
struct Kernels<Conv2d, T> {
  static ConvGeometry geometry(const Conv2d& c, const KernelShapes& s) { return c.geometry(s.inputs[0], s.batch); }
  static bool is_depthwise(const Conv2d& c, const KernelShapes& s) {
    const ConvGeometry g = geometry(c, s);
    return g.groups > 1 && g.groups == g.in_c && g.in_c == g.out_c;
  }
  /// A window as large as the picture is a dense layer: NHWC puts its inputs and weights in the same order.
  static bool sees_all(const Conv2d& c, const KernelShapes& s) {
    const ConvGeometry g = geometry(c, s);
    return g.groups == 1 && g.kernel == g.in_h && g.kernel == g.in_w && g.out_h == 1 && g.out_w == 1 &&
           g.pad_top == 0 && g.pad_left == 0;
  }
  static DenseGeometry as_dense(const Conv2d& c, const Shape& in, int batch) {
    return {batch, static_cast<int>(in.size()), c.channels};
  }
  static bool can_fuse(const Conv2d&, const KernelShapes&, const Epilogue& e) { return !(e.max_pool && e.add); }
  /// The winners of a fused max-pool: one byte each.
  static std::size_t winners(const Conv2d&, const KernelShapes& s) {
    const auto windows =
        static_cast<std::size_t>(s.output.height() / 2) * static_cast<std::size_t>(s.output.width() / 2);
    return s.mode == Mode::train && s.epilogue.max_pool
               ? windows * static_cast<std::size_t>(s.output.channels()) * static_cast<std::size_t>(s.batch)
               : 0;
  }

  template <Number kNumber>
  static bool low_precision(const Conv2d& c, const KernelShapes& s) {
    const ConvGeometry g = geometry(c, s);
    // Winograd's algorithm saves more multiplications than bfloat16 does.
    return s.mode == Mode::infer && s.precision == precision_of(kNumber) && low_precision_fits(g, kNumber) &&
           (kNumber == Number::int8 || !winograd_fits(g));
  }

  template <bool kBf16>
  static constexpr Kernel<Conv2d, float> pointwise_kernel(std::string_view name,
                                                          bool (*fits)(const Conv2d&, const KernelShapes&)) {
    return {.name = name,
            .fits = fits,
            .fuses = [](const Conv2d&, const KernelShapes& s,
                        const Epilogue& e) { return s.mode == Mode::infer && !e.max_pool; },
            .scratch_size =
                [](const Conv2d& c, const KernelShapes& s) {
                  return s.mode == Mode::train ? pointwise_scratch(geometry(c, s), kBf16, s.threads) : 0;
                },
            .packed_size = [](const Conv2d& c,
                              const KernelShapes& s) { return pointwise_weights_size(geometry(c, s), kBf16); },
            .pack =
                [](const Conv2d& c, const Pack<float>& p) {
                  pointwise_weights(c.geometry(p.input.shape, p.input.batch), kBf16, p.params[0].data(),
                                    c.bias ? p.params[1].data() : nullptr, p.packed.data());
                },
            .can_add = true,
            .makes_norm = true,
            .makes_norm_gradient = true,
            .norm_blocks = [](const Conv2d& c, const KernelShapes& s,
                              bool) { return pointwise_norm_blocks(geometry(c, s)); },
            .rows_read = [](const Conv2d&, const KernelShapes&, RowRange rows) { return std::optional(rows); },
            .forward =
                [](const Conv2d& c, const Forward<float>& f) {
                  const ConvRows r(c.geometry(f.input().shape, f.input().batch), f);
                  pointwise_forward(r.g, kBf16, r.x, f.norm, f.packed.data(), c.bias ? f.params[1].data() : nullptr,
                                    r.epilogue, r.y, f.norm_blocks, f.scratch.data(), *f.threads);
                },
            .backward =
                [](const Conv2d& c, const Backward<float>& b) {
                  pointwise_backward(c.geometry(b.input().shape, b.input().batch), kBf16, b.input().data, b.norm,
                                     b.added, b.params[0].data(), conv_gradient(b), b.input_gradient().data,
                                     b.norm_blocks, b.param_gradients[0].data(),
                                     c.bias ? b.param_gradients[1].data() : nullptr, b.scratch.data(), *b.threads);
                }};
  }

  static constexpr Kernel<Conv2d, float> list[] = {
      low_precision_kernel<Conv2d, Number::int8, &Conv2d::geometry>("int8", low_precision<Number::int8>),
      low_precision_kernel<Conv2d, Number::bf16, &Conv2d::geometry>("bf16", low_precision<Number::bf16>),
      {.name = "depthwise",
       .fits = is_depthwise,
       .fuses = [](const Conv2d&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::infer && !e.max_pool; },
       .scratch_size =
           [](const Conv2d& c, const KernelShapes& s) {
             return depthwise_scratch(geometry(c, s), s.mode == Mode::train, s.threads);
           },
       .makes_norm = true,
       .makes_norm_gradient = true,
       .norm_blocks = [](const Conv2d& c, const KernelShapes& s,
                         bool of_input) { return depthwise_norm_blocks(geometry(c, s), of_input); },
       .rows_read = [](const Conv2d& c, const KernelShapes& s,
                       RowRange rows) { return std::optional(conv_input_rows(geometry(c, s), rows)); },
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             const ConvRows r(c.geometry(f.input().shape, f.input().batch), f);
             depthwise_forward(r.g, r.x, f.norm, f.params[0].data(), c.bias ? f.params[1].data() : nullptr,
                               r.epilogue.relu, r.y, f.norm_blocks, f.scratch.data(), *f.threads);
           },
       .backward =
           [](const Conv2d& c, const Backward<float>& b) {
             depthwise_backward(c.geometry(b.input().shape, b.input().batch), b.input().data, b.norm, b.added,
                                b.params[0].data(), conv_gradient(b), b.input_gradient().data, b.norm_blocks,
                                b.param_gradients[0].data(), c.bias ? b.param_gradients[1].data() : nullptr,
                                b.scratch.data(), *b.threads);
           }},
      {.name = "gemm",
       .fits = sees_all,
       .fuses = [](const Conv2d&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::infer && !e.max_pool; },
       .scratch_size =
           [](const Conv2d& c, const KernelShapes& s) {
             return dense_scratch(as_dense(c, s.inputs[0], s.batch), s.mode == Mode::train, s.threads);
           },
       .can_overwrite = true,
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             dense_forward(as_dense(c, f.input().shape, f.input().batch), f.input().data, f.params[0].data(),
                           c.bias ? f.params[1].data() : nullptr, f.epilogue.relu, f.output.data, f.scratch.data(),
                           *f.threads);
           },
       .backward =
           [](const Conv2d& c, const Backward<float>& b) {
             dense_backward(as_dense(c, b.input().shape, b.input().batch), b.input().data, b.params[0].data(),
                            b.output_gradient.data, b.input_gradient().data, b.param_gradients[0].data(),
                            c.bias ? b.param_gradients[1].data() : nullptr, !b.overwrite, b.scratch.data(), *b.threads);
           }},
      pointwise_kernel<true>("pointwise bf16",
                             [](const Conv2d& c, const KernelShapes& s) {
                               return s.mode == Mode::train && s.precision == Precision::bf16 &&
                                      pointwise_bf16_fits(geometry(c, s));
                             }),
      pointwise_kernel<false>("pointwise",
                              [](const Conv2d& c, const KernelShapes& s) { return pointwise_fits(geometry(c, s)); }),
      {.name = "im2col",
       .fits = [](const Conv2d& c,
                  const KernelShapes& s) { return s.mode == Mode::infer && im2col_fits(geometry(c, s)); },
       .fuses = [](const Conv2d&, const KernelShapes&, const Epilogue& e) { return !e.max_pool; },
       .scratch_size = [](const Conv2d& c, const KernelShapes& s) { return im2col_scratch(geometry(c, s), s.threads); },
       .packed_size = [](const Conv2d& c, const KernelShapes& s) { return im2col_weights_size(geometry(c, s)); },
       .pack =
           [](const Conv2d& c, const Pack<float>& p) {
             im2col_weights(c.geometry(p.input.shape, p.input.batch), p.params[0].data(), p.packed.data());
           },
       .can_add = true,
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             im2col_forward(c.geometry(f.input().shape, f.input().batch), f.input().data, f.packed.data(),
                            c.bias ? f.params[1].data() : nullptr, conv_epilogue(f), f.output.data, f.scratch.data(),
                            *f.threads);
           }},
      {.name = "winograd",
       .fits =
           [](const Conv2d& c, const KernelShapes& s) {
             return winograd_fits(geometry(c, s)) &&
                    (s.mode == Mode::infer || winograd_pays_in_training(geometry(c, s)));
           },
       .fuses = can_fuse,
       .saved_bytes = winners,
       .scratch_size =
           [](const Conv2d& c, const KernelShapes& s) {
             return winograd_scratch(geometry(c, s), s.mode == Mode::train, s.threads);
           },
       .packed_size = [](const Conv2d& c, const KernelShapes& s) { return winograd_weights_size(geometry(c, s)); },
       .pack =
           [](const Conv2d& c, const Pack<float>& p) {
             winograd_weights(c.geometry(p.input.shape, p.input.batch), p.params[0].data(), p.packed.data(),
                              *p.threads);
           },
       .can_add = true,
       .relu_by_output = true,
       .makes_norm_gradient = true,
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             winograd_forward(c.geometry(f.input().shape, f.input().batch), f.input().data, f.packed.data(),
                              c.bias ? f.params[1].data() : nullptr, conv_epilogue(f), f.output.data, f.scratch.data(),
                              *f.threads);
           },
       .backward =
           [](const Conv2d& c, const Backward<float>& b) {
             winograd_backward(c.geometry(b.input().shape, b.input().batch), b.input().data, b.params[0].data(),
                               conv_gradient(b), b.input_gradient().data, b.param_gradients[0].data(),
                               c.bias ? b.param_gradients[1].data() : nullptr, b.scratch.data(), *b.threads);
           }},
      {.name = "direct",
       .fuses = can_fuse,
       .saved_bytes = winners,
       .scratch_size =
           [](const Conv2d& c, const KernelShapes& s) {
             return conv_scratch(geometry(c, s), s.mode == Mode::train, s.threads);
           },
       .packed_size = [](const Conv2d& c, const KernelShapes& s) { return conv_weights_size(geometry(c, s)); },
       .pack =
           [](const Conv2d& c, const Pack<float>& p) {
             conv_weights(c.geometry(p.input.shape, p.input.batch), p.params[0].data(), p.packed.data());
           },
       .can_add = true,
       .relu_by_output = true,
       .makes_norm_gradient = true,
       .rows_read = [](const Conv2d& c, const KernelShapes& s, RowRange rows) -> std::optional<RowRange> {
         const ConvGeometry g = geometry(c, s);
         if (g.pad_left <= 0)
           return std::nullopt;  // scratch is that of the whole, which must be a copy with padding, too
         return conv_input_rows(g, rows);
       },
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             const ConvRows r(c.geometry(f.input().shape, f.input().batch), f);
             conv_forward(r.g, r.x, f.packed.data(), c.bias ? f.params[1].data() : nullptr, r.epilogue, r.y,
                          f.scratch.data(), *f.threads);
           },
       .backward =
           [](const Conv2d& c, const Backward<float>& b) {
             conv_backward(c.geometry(b.input().shape, b.input().batch), b.input().data, b.params[0].data(),
                           conv_gradient(b), b.input_gradient().data, b.param_gradients[0].data(),
                           c.bias ? b.param_gradients[1].data() : nullptr, b.scratch.data(), *b.threads);
           }},
      reference_kernel<Conv2d, float>(),
  };
};

}  // namespace lineament
