// 2-D convolution (cross-correlation, as everywhere in the field) over NHWC.
#pragma once
#include <algorithm>

#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"

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

}  // namespace lineament
