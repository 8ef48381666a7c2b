// 2-D convolution (cross-correlation, as everywhere in the field) over NHWC.
#pragma once
#include <algorithm>

#include "lineament/kernels/conv.hpp"
#include "lineament/kernels/dense.hpp"
#include "lineament/kernels/pointwise.hpp"
#include "lineament/kernels/winograd.hpp"
#include "lineament/layers/kernel.hpp"
#include "lineament/layers/low_precision_kernel.hpp"

namespace lineament {

enum class Padding {
  same,   ///< output size = ceil(input size / stride); an odd pixel of padding goes to the bottom and right
  valid,  ///< none
  fixed,  ///< `pad` pixels on every side
};

struct Conv2d {
  static constexpr std::string_view kType = "conv2d";
  static constexpr Traits kTraits{.backward_reads_input = true};

  int channels = 1;  ///< of the output
  int kernel = 3;    ///< side of the square window
  int stride = 1;
  Padding padding = Padding::same;
  int pad = 0;     ///< with Padding::fixed
  int groups = 1;  ///< input channels are cut into this many groups; kDepthwise: one for each channel
  bool bias = true;

  static constexpr int kDepthwise = -1;

  template <class Self, class V>
  static constexpr void fields(Self& self, V&& visit) {
    visit("channels", self.channels);
    visit("kernel", self.kernel);
    visit("stride", self.stride);
    visit("padding", self.padding);
    visit("pad", self.pad);
    visit("groups", self.groups);
    visit("bias", self.bias);
  }

  constexpr ConvGeometry geometry(const Shape& in, int batch) const {
    ConvGeometry g{};
    g.batch = batch;
    g.in_h = in[0], g.in_w = in[1], g.in_c = in[2];
    g.out_c = channels;
    g.kernel = kernel;
    g.stride = stride;
    g.groups = groups == kDepthwise ? in[2] : groups;
    fit(g.in_h, g.out_h, g.pad_top);
    fit(g.in_w, g.out_w, g.pad_left);
    return g;
  }

  /// {h, w, c} -> {h', w', channels}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    const Shape& in = inputs[0];
    require_at_least("channels", channels, 1);
    require_at_least("kernel", kernel, 1);
    require_at_least("stride", stride, 1);
    require_at_least("pad", pad, 0);
    if (groups != kDepthwise) require_at_least("groups", groups, 1);
    if (in.rank() != 3) shape_error("height x width x channels", in);
    const ConvGeometry g = geometry(in, 1);
    if (g.in_c % g.groups != 0) shape_error("channels in a multiple of 'groups'", in);
    if (g.out_c % g.groups != 0) option_error("channels", "a multiple of 'groups'", g.out_c);
    if (g.out_h < 1 || g.out_w < 1) shape_error("at least as large as the kernel", in);
    return {g.out_h, g.out_w, g.out_c};
  }

  /// weight {kernel, kernel, channels in / groups, channels out}, bias {channels out}.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const ConvGeometry g = geometry(inputs[0], 1);
    const int in_c = g.in_c / g.groups;
    ParamSpecs list{{.name = "weight",
                     .shape = {kernel, kernel, in_c, channels},
                     .init = Init::weight,
                     .decay = true,
                     .fan_in = kernel * kernel * in_c,
                     .fan_out = kernel * kernel * channels / g.groups}};
    if (bias) list.push({.name = "bias", .shape = {channels}});
    return list;
  }

  template <class T>
  void forward(const Forward<T>& f) const {
    const ConvGeometry g = geometry(f.input().shape, f.input().batch);
    const Tensor<T, 4> padded = f.input().nhwc().pad(paddings(g));
    auto y = f.output.nhwc();
    y.setZero();
    const auto w = weights(f.params[0], g);
    each_tap(g, [&](const Tap& tap) {
      const Tensor<T, 4> seen = padded.stridedSlice(tap.start, tap.stop, tap.step);
      y.slice(tap.out_start, tap.out_size) +=
          times(seen, w.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size), g);
    });
    if (bias) {
      const auto b = as_tensor(f.params[1], 1, channels);
      auto rows = f.output.pixels();
      rows += b.broadcast(std::array<Eigen::Index, 2>{rows.dimension(0), 1});
    }
  }

  template <class T>
  void backward(const Backward<T>& b) const {
    const ConvGeometry g = geometry(b.input().shape, b.input().batch);
    const Tensor<T, 4> padded = b.input().nhwc().pad(paddings(g));
    Tensor<T, 4> padded_gradient(padded.dimensions());
    padded_gradient.setZero();
    const auto w = weights(b.params[0], g);
    auto dw = as_tensor(b.param_gradients[0], kernel, kernel, g.in_c / g.groups, channels);
    const auto dy = b.output_gradient.nhwc();
    each_tap(g, [&](const Tap& tap) {
      const std::array<Eigen::Index, 2> pixels{Eigen::Index{g.batch} * g.out_h * g.out_w, -1};
      const Tensor<T, 2> x = Tensor<T, 4>(padded.stridedSlice(tap.start, tap.stop, tap.step))
                                 .reshape(std::array{pixels[0], Eigen::Index{g.in_c / g.groups}});
      const Tensor<T, 2> d =
          dy.slice(tap.out_start, tap.out_size).reshape(std::array{pixels[0], Eigen::Index{channels / g.groups}});
      const Tensor<T, 2> wt = w.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size);
      dw.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size) += x.contract(d, contract<0, 0>());
      const std::array<Eigen::Index, 4> patch{g.batch, g.out_h, g.out_w, g.in_c / g.groups};
      const Tensor<T, 2> dx = d.contract(wt, contract<1, 1>());
      padded_gradient.stridedSlice(tap.start, tap.stop, tap.step) += dx.reshape(patch);
    });
    if (bias) {
      auto db = as_tensor(b.param_gradients[1], channels);
      db += b.output_gradient.pixels().sum(std::array<int, 1>{0});
    }
    if (b.input_gradient().data == nullptr) return;
    b.input_gradient().nhwc() = padded_gradient.slice(std::array<Eigen::Index, 4>{0, g.pad_top, g.pad_left, 0},
                                                      std::array<Eigen::Index, 4>{g.batch, g.in_h, g.in_w, g.in_c});
  }

 private:
  /// Output size and the padding before the first pixel, for one direction.
  constexpr void fit(int in, int& out, int& before) const {
    if (padding == Padding::same) {
      out = (in + stride - 1) / stride;
      const int needed = (out - 1) * stride + kernel - in;
      before = needed > 0 ? needed / 2 : 0;
    } else {
      before = padding == Padding::fixed ? pad : 0;
      const int room = in + 2 * before - kernel;
      out = room < 0 ? 0 : room / stride + 1;
    }
  }

  using Index4 = std::array<Eigen::Index, 4>;
  /// One position (ky, kx) of the window in one group: which input pixels it sees and which slice of the weight it
  /// uses.
  struct Tap {
    int ky, kx;
    Index4 start, stop, step;
    Index4 out_start, out_size;
    std::array<Eigen::Index, 2> w_start, w_size;
  };

  template <class F>
  static void each_tap(const ConvGeometry& g, F&& f) {
    const int in_c = g.in_c / g.groups, out_c = g.out_c / g.groups;
    for (int group = 0; group < g.groups; ++group)
      for (int ky = 0; ky < g.kernel; ++ky)
        for (int kx = 0; kx < g.kernel; ++kx)
          f(Tap{ky,
                kx,
                {0, ky, kx, group * in_c},
                {g.batch, ky + (g.out_h - 1) * g.stride + 1, kx + (g.out_w - 1) * g.stride + 1, (group + 1) * in_c},
                {1, g.stride, g.stride, 1},
                {0, 0, 0, group * out_c},
                {g.batch, g.out_h, g.out_w, out_c},
                {0, group * out_c},
                {in_c, out_c}});
  }

  static std::array<std::pair<Eigen::Index, Eigen::Index>, 4> paddings(const ConvGeometry& g) {
    const int bottom = std::max(0, (g.out_h - 1) * g.stride + g.kernel - g.in_h - g.pad_top);
    const int right = std::max(0, (g.out_w - 1) * g.stride + g.kernel - g.in_w - g.pad_left);
    return {{{0, 0}, {g.pad_top, bottom}, {g.pad_left, right}, {0, 0}}};
  }

  template <class T>
  TensorView<const T, 4> weights(std::span<const T> w, const ConvGeometry& g) const {
    return as_tensor(w, kernel, kernel, g.in_c / g.groups, channels);
  }

  template <int I, int J>
  static std::array<Eigen::IndexPair<int>, 1> contract() {
    return {Eigen::IndexPair<int>(I, J)};
  }
  /// Pixels x weights, as a {batch, h, w, channels} tensor.
  template <class T, class W>
  static Tensor<T, 4> times(const Tensor<T, 4>& pixels, const W& w, const ConvGeometry& g) {
    return pixels.contract(w, contract<3, 0>()).reshape(Index4{g.batch, g.out_h, g.out_w, g.out_c / g.groups});
  }
};

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
                         bool of_input) { return depthwise_norm_blocks(geometry(c, s), of_input, nullptr); },
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
             depthwise_backward(c.geometry(b.input().shape, b.input().batch), b.input().data, b.norm,
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
      {.name = "pointwise",
       .fits = [](const Conv2d& c, const KernelShapes& s) { return pointwise_fits(geometry(c, s)); },
       .fuses = [](const Conv2d&, const KernelShapes& s,
                   const Epilogue& e) { return s.mode == Mode::infer && !e.max_pool; },
       .scratch_size =
           [](const Conv2d& c, const KernelShapes& s) {
             return s.mode == Mode::train ? pointwise_scratch(geometry(c, s), s.threads) : 0;
           },
       .packed_size = [](const Conv2d& c, const KernelShapes& s) { return pointwise_weights_size(geometry(c, s)); },
       .pack =
           [](const Conv2d& c, const Pack<float>& p) {
             pointwise_weights(c.geometry(p.input.shape, p.input.batch), p.params[0].data(), p.packed.data());
           },
       .can_add = true,
       .makes_norm = true,
       .makes_norm_gradient = true,
       .norm_blocks = [](const Conv2d& c, const KernelShapes& s,
                         bool) { return pointwise_norm_blocks(geometry(c, s), nullptr); },
       .rows_read = [](const Conv2d&, const KernelShapes&, RowRange rows) { return std::optional(rows); },
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             const ConvRows r(c.geometry(f.input().shape, f.input().batch), f);
             pointwise_forward(r.g, r.x, f.norm, f.packed.data(), c.bias ? f.params[1].data() : nullptr, r.epilogue, r.y,
                               f.norm_blocks, f.scratch.data(), *f.threads);
           },
       .backward =
           [](const Conv2d& c, const Backward<float>& b) {
             pointwise_backward(c.geometry(b.input().shape, b.input().batch), b.input().data, b.norm,
                                b.params[0].data(), conv_gradient(b), b.input_gradient().data, b.norm_blocks,
                                b.param_gradients[0].data(), c.bias ? b.param_gradients[1].data() : nullptr,
                                b.scratch.data(), *b.threads);
           }},
      {.name = "winograd",
       .fits = [](const Conv2d& c, const KernelShapes& s) { return winograd_fits(geometry(c, s)); },
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
       .can_add = true,
       .relu_by_output = true,
       .makes_norm_gradient = true,
       .rows_read = [](const Conv2d& c, const KernelShapes& s, RowRange rows) -> std::optional<RowRange> {
         const ConvGeometry g = geometry(c, s);
         if (g.pad_left <= 0) return std::nullopt;  // scratch is that of the whole, which must be a copy with padding, too
         return conv_input_rows(g, rows);
       },
       .forward =
           [](const Conv2d& c, const Forward<float>& f) {
             const ConvRows r(c.geometry(f.input().shape, f.input().batch), f);
             conv_forward(r.g, r.x, f.params[0].data(), c.bias ? f.params[1].data() : nullptr, r.epilogue, r.y,
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
