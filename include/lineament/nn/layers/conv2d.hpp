// 2-D convolution (cross-correlation, as everywhere in the field) over NHWC.
#pragma once
#include "lineament/api.hpp"
#include "lineament/nn/geometry.hpp"
#include "lineament/nn/layer.hpp"

namespace LINEAMENT_API lineament {

enum class Padding {
  same,   ///< output size = ceil(input size / stride); an odd pixel of padding goes to the bottom and right
  valid,  ///< none
  fixed,  ///< `pad` pixels on every side
};

struct Conv2d {
  static constexpr std::string_view kType = "conv2d";
  static constexpr Traits kTraits{
      .backward_reads_input = true, .quantisable = true, .foldable = true, .per_image = true};

  int channels = 1;  ///< of the output
  int kernel = 3;    ///< height of the window, and its width unless `kernel_width` says another
  int stride = 1;
  Padding padding = Padding::same;
  int pad = 0;     ///< with Padding::fixed
  int groups = 1;  ///< input channels are cut into this many groups; kDepthwise: one for each channel
  bool bias = true;
  int kernel_width = 0;  ///< 0: as `kernel`, a square window
  int dilation = 1;      ///< pixels from one row or column of the window to the next (Yu & Koltun, ICLR 2016)

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
    // Written only where they say something: files of other networks stay as earlier versions read them.
    if (std::is_const_v<Self> && self.is_plain()) return;
    visit("kernel_width", self.kernel_width);
    visit("dilation", self.dilation);
  }

  constexpr int window_width() const { return kernel_width == 0 ? kernel : kernel_width; }
  /// A square window without gaps: what the fast kernels take, and all that ConvGeometry describes.
  constexpr bool is_plain() const { return window_width() == kernel && dilation == 1; }

  /// `kernel` is the window's height. For one that is not plain see `window_width` and `dilation`, too.
  constexpr ConvGeometry geometry(const Shape& in, int batch) const {
    ConvGeometry g{};
    g.batch = batch;
    g.in_h = in[0], g.in_w = in[1], g.in_c = in[2];
    g.out_c = channels;
    g.kernel = kernel;
    g.stride = stride;
    g.groups = groups == kDepthwise ? in[2] : groups;
    fit(g.in_h, kernel, g.out_h, g.pad_top);
    fit(g.in_w, window_width(), g.out_w, g.pad_left);
    return g;
  }

  /// {h, w, c} -> {h', w', channels}.
  constexpr Shape output_shape(std::span<const Shape> inputs) const {
    const Shape& in = inputs[0];
    require_at_least("channels", channels, 1);
    require_at_least("kernel", kernel, 1);
    require_at_least("kernel_width", kernel_width, 0);
    require_at_least("dilation", dilation, 1);
    require_at_least("stride", stride, 1);
    require_at_least("pad", pad, 0);
    if (groups != kDepthwise) require_at_least("groups", groups, 1);
    if (in.rank() != 3) shape_error("height x width x channels", in);
    require_sizes(in);  // kDepthwise divides by the channels
    const ConvGeometry g = geometry(in, 1);
    if (g.in_c % g.groups != 0) shape_error("channels in a multiple of 'groups'", in);
    if (g.out_c % g.groups != 0) option_error("channels", "a multiple of 'groups'", g.out_c);
    if (g.out_h < 1 || g.out_w < 1) shape_error("at least as large as the kernel", in);
    require_countable({kernel, window_width(), g.in_c / g.groups, channels});  // weights
    return {g.out_h, g.out_w, g.out_c};
  }

  /// weight {height of the window, width, channels in / groups, channels out}, bias {channels out}.
  constexpr ParamSpecs params(std::span<const Shape> inputs) const {
    const ConvGeometry g = geometry(inputs[0], 1);
    const int in_c = g.in_c / g.groups, taps = kernel * window_width();
    ParamSpecs list{{.name = "weight",
                     .shape = {kernel, window_width(), in_c, channels},
                     .init = Init::weight,
                     .decay = true,
                     .fan_in = taps * in_c,
                     .fan_out = taps * channels / g.groups}};
    if (bias) list.push({.name = "bias", .shape = {channels}});
    return list;
  }

  constexpr std::size_t multiply_adds(std::span<const Shape> inputs) const {
    const ConvGeometry g = geometry(inputs[0], 1);
    return output_shape(inputs).size() * static_cast<std::size_t>(kernel * window_width() * (g.in_c / g.groups));
  }

 private:
  /// Output size and the padding before the first pixel, for one direction.
  constexpr void fit(int in, int side, int& out, int& before) const {
    const int extent = (side - 1) * dilation + 1;
    if (padding == Padding::same) {
      out = (in - 1) / stride + 1;
      const int needed = (out - 1) * stride - in + extent;
      before = needed > 0 ? needed / 2 : 0;
    } else {
      before = padding == Padding::fixed ? pad : 0;
      const long long room = in - extent + 2LL * before;
      out = room < 0 ? 0 : size_of_output(room / stride + 1);
    }
  }
};

}  // namespace lineament
