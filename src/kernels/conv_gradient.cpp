// Both gradients of direct convolutions in one visit of the output's gradient, strip by strip. The gradient by the
// input of a convolution of stride s is s x s convolutions of stride 1: each makes every s-th pixel of every s-th row
// from its own share of the window's taps, and nothing is multiplied by zeros between pixels.
#include <algorithm>
#include <cstring>

#include "kernels/gradient_parts.hpp"
#include "kernels/strip_plan.hpp"
#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv_gradient.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/panels-inl.hpp"
#include "kernels/rows-inl.hpp"
#include "kernels/strips-inl.hpp"
#include "kernels/tile-inl.hpp"

#ifndef LINEAMENT_CONV_GRADIENT_PLAN
#define LINEAMENT_CONV_GRADIENT_PLAN
namespace lineament {
namespace {

/// One direction of a window that moves by `stride`, the input's pixels counted from its padding: pixel `stride` * q +
/// phase meets tap `stride` * t + phase of output pixel q - t.
struct Direction {
  int kernel, stride, pad, in;

  int taps() const { return (kernel + stride - 1) / stride; }  ///< of the phase that has most
  int first() const { return pad / stride; }                   ///< q of the picture's first and last pixel
  int last() const { return (in - 1 + pad) / stride; }
  int count() const { return last() - first() + 1; }

  int taps(int phase) const { return phase < kernel ? (kernel - 1 - phase) / stride + 1 : 0; }
  /// Those q whose pixel lies in the picture.
  RowRange range(int phase) const {
    const int begin = (std::max(0, pad - phase) + stride - 1) / stride;
    return {begin, std::max(begin, (std::max(0, in + pad - phase) + stride - 1) / stride)};
  }
};

struct ConvGradientPlan {
  StripPlan x;   ///< whose windows meet a strip of the gradient
  StripPlan dy;  ///< the gradient with padding, which a convolution of stride 1 takes to the input's
  Direction down, across;
  int rows;    ///< of the gradient, a strip
  int images;  ///< that a strip takes at once: more than one only if it takes all their rows
  int parts;
  std::size_t weights, part_size, row_size;  ///< floats; of a row of the gradient

  /// One after the last row of the gradient, or of the q that need it.
  int end() const { return std::max(x.g.out_h, down.last() + 1); }
  /// Rows kept of the strip before: the windows of two strips overlap.
  int kept() const { return down.taps() - 1; }

  // Scratch: the turned weights, the parts' sums, and for each thread the strip of x and the gradient in panels, then
  // the strip of dy and rows made of it.
  std::size_t sums_at() const { return round_up(weights); }
  std::size_t own_at() const { return sums_at() + static_cast<std::size_t>(parts) * part_size; }
  std::size_t x_size() const { return static_cast<std::size_t>(images) * x.strip_size; }
  std::size_t panels_size() const { return round_up(static_cast<std::size_t>(images * rows) * row_size); }
  std::size_t dy_size() const { return static_cast<std::size_t>(images) * dy.strip_size; }
  std::size_t own_size() const {
    return x_size() + panels_size() + dy_size() + round_up(static_cast<std::size_t>(kept() + rows * images) * row_size);
  }
};

ConvGradientPlan plan_conv_gradient(const ConvGeometry& g) {
  ConvGradientPlan p{};
  p.down = {g.kernel, g.stride, g.pad_top, g.in_h};
  p.across = {g.kernel, g.stride, g.pad_left, g.in_w};
  p.weights = conv_weights_size(g);
  p.part_size = round_up(p.weights + static_cast<std::size_t>(g.out_c));
  p.row_size = static_cast<std::size_t>(g.out_w * g.out_c);
  p.parts = gradient_parts(g.batch, p.part_size);

  p.x = plan_strips(g, 1);
  ConvGeometry back = g;
  back.in_h = g.out_h;
  back.in_w = g.out_w;
  back.in_c = g.out_c;
  back.out_h = p.down.count();
  back.out_w = p.across.count();
  back.out_c = g.in_c;
  back.stride = 1;
  back.kernel = p.down.taps();
  back.pad_top = p.kept() - p.down.first();
  back.pad_left = p.kept() - p.across.first();
  p.dy = plan_strips(back, 1, true);

  // What a strip reads and writes stays in the second-level cache. The sums, which may not, are read and written once a
  // strip: the more of the batch it takes, the better.
  constexpr std::ptrdiff_t kStripBytes = 640 * 1024;
  const std::ptrdiff_t row_bytes =
      4 * (g.stride * (p.x.row_size() + std::ptrdiff_t{g.in_w} * g.in_c) + p.dy.row_size() + g.out_w * g.out_c);
  p.rows = static_cast<int>(std::clamp<std::ptrdiff_t>(kStripBytes / row_bytes, 1, p.end()));
  const int pictures = (g.batch + p.parts - 1) / p.parts;
  p.images = p.rows < p.end()
                 ? 1
                 : static_cast<int>(std::clamp<std::ptrdiff_t>(kStripBytes / (row_bytes * p.rows), 1, pictures));
  p.x = plan_strips(g, p.rows);
  p.dy = plan_strips(back, p.rows, true);
  return p;
}

}  // namespace
}  // namespace lineament
#endif  // LINEAMENT_CONV_GRADIENT_PLAN

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Weights w {kernel, kernel, in, out} for the input's gradient: for each group and as many of its inputs as a product
/// takes at once, phase by phase, taps in reverse order, {taps, out, in}.
HWY_ATTR void TurnWeights(const ConvGradientPlan& p, const float* w, float* to, Threads& threads) {
  const ConvGeometry& g = p.x.g;
  const int in_c = g.in_c / g.groups, out_c = g.out_c / g.groups;
  const int panels = PanelCount(in_c), panel = PanelWidth(in_c);
  threads.run(g.groups * panels, [&](int task, int) HWY_ATTR {
    const int group = task / panels, n = task % panels * panel;
    const int width = std::min(panel, in_c - n);
    float* place = to + (static_cast<std::ptrdiff_t>(group) * in_c + n) * g.kernel * g.kernel * out_c;
    for (int phase = 0; phase < g.stride * g.stride; ++phase) {
      const int py = phase / g.stride, px = phase % g.stride;
      for (int ty = p.down.taps(py) - 1; ty >= 0; --ty)
        for (int tx = p.across.taps(px) - 1; tx >= 0; --tx) {
          const int tap = (py + ty * g.stride) * g.kernel + px + tx * g.stride;
          const float* from = w + (static_cast<std::ptrdiff_t>(tap) * in_c + n) * g.out_c + group * out_c;
          for (int o = 0; o < out_c; ++o, place += width)
            for (int i = 0; i < width; ++i) place[i] = from[static_cast<std::ptrdiff_t>(i) * g.out_c + o];
        }
    }
  });
}

/// Pictures and rows that a strip takes.
struct Strip {
  int image, images;
  int first, rows;  ///< of the gradient
};

/// The strip's rows of the gradient, one behind the other, and before them those that the strip before had: where they
/// lie, or made in `room`.
HWY_ATTR const float* MakeRows(const ConvGradientPlan& p, const Strip& strip, const ConvGradient& dy, float* room) {
  const ConvGeometry& g = p.x.g;
  const std::size_t at =
      static_cast<std::size_t>(strip.image) * static_cast<std::size_t>(g.out_h) + static_cast<std::size_t>(strip.first);
  if (!dy.fused()) return dy.dy + at * p.row_size;
  const auto kept = static_cast<std::size_t>(p.kept());
  if (strip.first > 0)
    std::memmove(room, room + static_cast<std::size_t>(p.rows) * p.row_size, sizeof(float) * kept * p.row_size);
  float* rows = room + kept * p.row_size;
  for (int r = 0; r < strip.images * strip.rows; ++r) {
    float* to = rows + static_cast<std::size_t>(r) * p.row_size;
    GradientRow(dy, strip.image + r / strip.rows, strip.first + r % strip.rows, g.out_h, g.out_w, g.out_c, to);
  }
  return rows;
}

/// A strip's share of the weights' gradient of one group: to `sums`, laid out like the weights.
HWY_ATTR void WeightGradientStrip(const ConvGradientPlan& p, const Strip& strip, int group, const float* x,
                                  const float* gradient, float* sums, bool add, float* room) {
  const ConvGeometry& g = p.x.g;
  const std::ptrdiff_t picture = std::ptrdiff_t{g.in_h} * g.in_w * g.in_c;
  const float* source = x + strip.image * picture;
  for (int i = 0; p.x.copied && i < strip.images; ++i)
    FillStrip(p.x, source + i * picture, 0, group, strip.first * g.stride, p.x.input_rows(strip.rows),
              room + static_cast<std::size_t>(i) * p.x.strip_size);
  Product m{};  // a row of C is one weight of the window, a step is one pixel
  m.a_row = 1;
  m.a_step = std::ptrdiff_t{g.stride} * p.x.channels;
  m.a_segment = g.stride * p.x.row_size();
  m.segments = strip.rows;
  m.length = g.out_w;
  m.c_row = g.out_c;
  // Columns outside: a panel of the gradient, and of the sums if the picture is small, stay in the cache.
  const int out_c = g.out_c / g.groups, panel = PanelWidth(out_c);
  const int pixels = strip.rows * g.out_w;
  const bool packed = g.kernel > 1 && g.out_c > panel;  // otherwise they are read too seldom
  float* panels = room + p.x_size();
  if (packed) PackPanels(gradient + group * out_c, strip.images * pixels, out_c, g.out_c, 1, panels);
  for (int n = 0; n < out_c; n += panel) {
    const int width = std::min(panel, out_c - n);
    const float* columns = packed ? panels + std::ptrdiff_t{n} * strip.images * pixels : gradient + group * out_c + n;
    m.b_row = packed ? width : g.out_c;
    for (int ky = 0; ky < g.kernel; ++ky) {
      m.c = sums + std::ptrdiff_t{ky} * g.kernel * p.x.channels * g.out_c + group * out_c + n;
      for (int i = 0; i < strip.images; ++i) {
        m.a = (p.x.copied ? room + static_cast<std::size_t>(i) * p.x.strip_size
                          : source + i * picture + strip.first * m.a_segment) +
              ky * p.x.row_size();
        m.b = columns + i * pixels * m.b_row;
        m.add = add || i > 0;
        Multiply(m, g.kernel * p.x.channels, width);
      }
    }
  }
}

/// The input's gradient of one group, those rows for which a strip has the last row of the gradient that they need.
HWY_ATTR void InputGradientStrip(const ConvGradientPlan& p, const Strip& strip, int group, const float* gradient,
                                 const float* turned, float* dx, float* room) {
  const ConvGeometry& g = p.x.g;
  const int begin = std::max(strip.first, p.down.first());
  const int end = std::min(strip.first + p.rows, p.down.last() + 1);
  if (begin >= end) return;
  const int in_c = g.in_c / g.groups;
  for (int i = 0; i < strip.images; ++i)
    FillStrip(p.dy, gradient + static_cast<std::size_t>(i * g.out_h) * p.row_size, strip.first, group,
              begin - p.down.first(), p.dy.input_rows(end - begin),
              room + static_cast<std::size_t>(i) * p.dy.strip_size);
  Product m{};
  m.a_row = p.dy.channels;
  m.a_step = 1;
  m.a_segment = p.dy.row_size();
  m.c_row = std::ptrdiff_t{g.stride} * g.in_c;
  const float* weights = turned + std::ptrdiff_t{group} * in_c * g.kernel * g.kernel * p.dy.channels;
  const int panel = PanelWidth(in_c), most = p.kept() + 1;
  for (int n = 0; n < in_c; n += panel) {
    m.b_row = std::min(panel, in_c - n);
    for (int phase = 0; phase < g.stride * g.stride; ++phase) {
      const int py = phase / g.stride, px = phase % g.stride;
      const RowRange rows = p.down.range(py), columns = p.across.range(px);
      // Taps that a phase has not come before its own.
      const int above = most - p.down.taps(py), left = most - p.across.taps(px);
      m.length = p.across.taps(px) * p.dy.channels;
      const std::ptrdiff_t tap_row = m.length * m.b_row;
      for (int q = std::max(begin, rows.begin); q < std::min(end, rows.end); ++q) {
        RowRange seen = p.dy.rows_inside(q - p.down.first());  // rows of zeros need no multiplying
        seen.begin = std::max(seen.begin, above);
        m.segments = std::max(0, seen.end - seen.begin);
        m.b = weights + (seen.begin - above) * tap_row;
        const std::ptrdiff_t y = q * g.stride + py - g.pad_top, x = columns.begin * g.stride + px - g.pad_left;
        for (int i = 0; i < strip.images; ++i) {
          m.a = room + static_cast<std::size_t>(i) * p.dy.strip_size + (q - begin + seen.begin) * m.a_segment +
                (columns.begin - p.across.first() + left) * m.a_row;
          m.c = dx + (((strip.image + i) * std::ptrdiff_t{g.in_h} + y) * g.in_w + x) * g.in_c + group * in_c + n;
          Multiply(m, columns.end - columns.begin, static_cast<int>(m.b_row));
        }
      }
      weights += p.down.taps(py) * tap_row;
    }
  }
}

/// dw and dbias are added to: the parts' sums in order.
HWY_ATTR void AddParts(const ConvGradientPlan& p, const float* sums, float* dw, float* dbias, Threads& threads) {
  constexpr std::size_t kBlock = 4096;
  threads.run(static_cast<int>((p.weights + kBlock - 1) / kBlock), [&](int task, int) HWY_ATTR {
    const std::size_t begin = static_cast<std::size_t>(task) * kBlock, end = std::min(p.weights, begin + kBlock);
    for (int part = 0; part < p.parts; ++part) {
      const float* from = sums + static_cast<std::size_t>(part) * p.part_size;
      for (std::size_t i = begin; i < end; ++i) dw[i] += from[i];
    }
  });
  for (int part = 0; dbias != nullptr && part < p.parts; ++part)
    for (std::size_t c = 0; c < static_cast<std::size_t>(p.x.g.out_c); ++c)
      dbias[c] += sums[static_cast<std::size_t>(part) * p.part_size + p.weights + c];
}

HWY_ATTR void ConvGradients(const ConvGradientPlan& p, const float* x, const float* w, const ConvGradient& dy,
                            float* dx, float* dw, float* dbias, float* scratch, Threads& threads) {
  const ConvGeometry& g = p.x.g;
  float* all_sums = scratch + p.sums_at();
  if (dx != nullptr) TurnWeights(p, w, scratch, threads);
  threads.run(p.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = all_sums + static_cast<std::size_t>(part) * p.part_size;
    std::memset(sums + p.weights, 0, sizeof(float) * static_cast<std::size_t>(g.out_c));
    float* x_room = scratch + p.own_at() + static_cast<std::size_t>(thread) * p.own_size();
    float *dy_room = x_room + p.x_size() + p.panels_size(), *rows_room = dy_room + p.dy_size();
    const int begin = part * g.batch / p.parts, end = (part + 1) * g.batch / p.parts;
    for (int image = begin; image < end; image += p.images)
      for (int first = 0; first < p.end(); first += p.rows) {
        // Behind the last row there may be rows of the input's gradient still: of those it needs, all are kept.
        const Strip strip{image, std::min(p.images, end - image), first,
                          std::max(0, std::min(p.rows, g.out_h - first))};
        const float* gradient = MakeRows(p, strip, dy, rows_room);
        if (dbias != nullptr)
          AddPixels(gradient, static_cast<std::size_t>(strip.images * strip.rows * g.out_w),
                    static_cast<std::size_t>(g.out_c), sums + p.weights);
        for (int group = 0; group < g.groups; ++group) {
          if (strip.rows > 0)
            WeightGradientStrip(p, strip, group, x, gradient, sums, image > begin || first > 0, x_room);
          if (dx != nullptr) InputGradientStrip(p, strip, group, gradient, scratch, dx, dy_room);
        }
      }
  });
  AddParts(p, all_sums, dw, dbias, threads);
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(ConvGradients);

std::size_t conv_gradient_scratch(const ConvGeometry& g, int threads) {
  const ConvGradientPlan p = plan_conv_gradient(g);
  return p.own_at() + static_cast<std::size_t>(threads) * p.own_size();
}

void conv_backward(const ConvGeometry& g, const float* x, const float* w, const ConvGradient& dy, float* dx, float* dw,
                   float* dbias, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(ConvGradients)(plan_conv_gradient(g), x, w, dy, dx, dw, dbias, scratch, threads);
}

}  // namespace lineament
#endif
