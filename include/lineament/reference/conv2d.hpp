// 2-D convolution: for each position of the window, pixels x weights.
#pragma once
#include <algorithm>

#include "lineament/api.hpp"
#include "lineament/nn/layers/conv2d.hpp"
#include "lineament/reference/reference.hpp"
#include "lineament/reference/window.hpp"

namespace LINEAMENT_API lineament {

template <>
struct Reference<Conv2d> {
  template <class T>
  static void forward(const Conv2d& conv, const Forward<T>& f) {
    const ConvGeometry g = conv.geometry(f.input().shape, f.input().batch);
    const Tensor<T, 4> padded = nhwc(f.input()).pad(paddings(conv, g));
    auto y = nhwc(f.output);
    y.setZero();
    const auto w = as_tensor(f.params[0], conv.kernel, conv.window_width(), g.in_c / g.groups, g.out_c);
    each_tap(conv, g, [&](const Tap& tap) {
      const Tensor<T, 4> seen = padded.stridedSlice(tap.seen.start, tap.seen.stop, tap.seen.step);
      y.slice(tap.out_start, tap.out_size) +=
          times(seen, w.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size), g);
    });
    if (conv.bias) pixels(f.output) += for_each_pixel(f.params[1], pixels(f.output).dimension(0));
  }

  template <class T>
  static void backward(const Conv2d& conv, const Backward<T>& b) {
    const ConvGeometry g = conv.geometry(b.input().shape, b.input().batch);
    const Tensor<T, 4> padded = nhwc(b.input()).pad(paddings(conv, g));
    Tensor<T, 4> padded_gradient(padded.dimensions());
    padded_gradient.setZero();
    const auto w = as_tensor(b.params[0], conv.kernel, conv.window_width(), g.in_c / g.groups, g.out_c);
    auto dw = as_tensor(b.param_gradients[0], conv.kernel, conv.window_width(), g.in_c / g.groups, g.out_c);
    const auto dy = nhwc(b.output_gradient);
    each_tap(conv, g, [&](const Tap& tap) {
      const Eigen::Index count = Eigen::Index{g.batch} * g.out_h * g.out_w;
      const Tensor<T, 2> x = Tensor<T, 4>(padded.stridedSlice(tap.seen.start, tap.seen.stop, tap.seen.step))
                                 .reshape(std::array{count, Eigen::Index{g.in_c / g.groups}});
      const Tensor<T, 2> d =
          dy.slice(tap.out_start, tap.out_size).reshape(std::array{count, Eigen::Index{g.out_c / g.groups}});
      const Tensor<T, 2> wt = w.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size);
      dw.chip(tap.ky, 0).chip(tap.kx, 0).slice(tap.w_start, tap.w_size) += x.contract(d, contract<0, 0>());
      const Index4 patch{g.batch, g.out_h, g.out_w, g.in_c / g.groups};
      const Tensor<T, 2> dx = d.contract(wt, contract<1, 1>());
      padded_gradient.stridedSlice(tap.seen.start, tap.seen.stop, tap.seen.step) += dx.reshape(patch);
    });
    if (conv.bias) as_tensor(b.param_gradients[1], g.out_c) += pixels(b.output_gradient).sum(std::array<int, 1>{0});
    if (b.input_gradient().data == nullptr) return;
    nhwc(b.input_gradient()) =
        padded_gradient.slice(Index4{0, g.pad_top, g.pad_left, 0}, Index4{g.batch, g.in_h, g.in_w, g.in_c});
  }

 private:
  using Index4 = std::array<Eigen::Index, 4>;
  /// One position (ky, kx) of the window in one group: which input pixels it sees and which slice of the weight it
  /// uses.
  struct Tap {
    int ky, kx;
    Seen seen;
    Index4 out_start, out_size;
    std::array<Eigen::Index, 2> w_start, w_size;
  };

  template <class F>
  static void each_tap(const Conv2d& conv, const ConvGeometry& g, F&& f) {
    const int in_c = g.in_c / g.groups, out_c = g.out_c / g.groups;
    for (int group = 0; group < g.groups; ++group)
      for (int ky = 0; ky < conv.kernel; ++ky)
        for (int kx = 0; kx < conv.window_width(); ++kx) {
          Seen seen = seen_at(ky * conv.dilation, kx * conv.dilation, {g.batch, g.out_h, g.out_w}, g.stride,
                              (group + 1) * in_c);
          seen.start[3] = group * in_c;
          f(Tap{ky,
                kx,
                seen,
                {0, 0, 0, group * out_c},
                {g.batch, g.out_h, g.out_w, out_c},
                {0, group * out_c},
                {in_c, out_c}});
        }
  }

  static std::array<std::pair<Eigen::Index, Eigen::Index>, 4> paddings(const Conv2d& conv, const ConvGeometry& g) {
    const auto after = [&](int in, int side, int out, int before) {
      return std::max(0, (out - 1) * g.stride + (side - 1) * conv.dilation + 1 - in - before);
    };
    const int bottom = after(g.in_h, conv.kernel, g.out_h, g.pad_top);
    const int right = after(g.in_w, conv.window_width(), g.out_w, g.pad_left);
    return {{{0, 0}, {g.pad_top, bottom}, {g.pad_left, right}, {0, 0}}};
  }

  template <int I, int J>
  static std::array<Eigen::IndexPair<int>, 1> contract() {
    return {Eigen::IndexPair<int>(I, J)};
  }
  /// Pixels x weights, as a {batch, h, w, channels} tensor.
  template <class T, class W>
  static Tensor<T, 4> times(const Tensor<T, 4>& seen, const W& w, const ConvGeometry& g) {
    return seen.contract(w, contract<3, 0>()).reshape(Index4{g.batch, g.out_h, g.out_w, g.out_c / g.groups});
  }
};

}  // namespace lineament
