// Both gradients of direct convolutions in one pass over the output's gradient, strip by strip. The gradient with
// respect to the input of a convolution of stride s is s x s convolutions of stride 1: each makes every s-th pixel of
// every s-th row from its own share of the window's taps, and nothing is multiplied by zeros between pixels.
#include <cstring>

#include "kernels/conv/direct_plan.hpp"
#include "kernels/conv/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/direct_gradient.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/panels-inl.hpp"
#include "kernels/common/rows-inl.hpp"
#include "kernels/common/sums-inl.hpp"
#include "kernels/conv/strips-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Weights w {kernel, kernel, in, out} for the input's gradient: for each group and as many of its inputs as a product
/// takes at once, phase by phase, taps in reverse order, {taps, out, in}.
HWY_ATTR void FlipWeights(const DirectGradientPlan& p, const float* w, float* to, Threads& threads) {
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

/// Images and rows that a strip takes, and the workspace of its part and thread.
struct GradientStrip {
  int image, images;
  int first, rows;  ///< of the gradient
  bool add;         ///< to the part's sums; otherwise they are overwritten
  float *sums, *x, *dy, *made;
};

/// The strip's rows of the gradient, one after the other, and before them those that the strip before had: where they
/// lie, or made.
HWY_ATTR const float* MakeRows(const DirectGradientPlan& p, const GradientStrip& strip, const ConvGradient& dy) {
  const ConvGeometry& g = p.x.g;
  const std::size_t at =
      static_cast<std::size_t>(strip.image) * static_cast<std::size_t>(g.out_h) + static_cast<std::size_t>(strip.first);
  if (!dy.fused()) return dy.dy + at * p.row_size;
  const GradientImages images{dy, g.out_h, g.out_w, g.out_c};
  const auto kept = static_cast<std::size_t>(p.kept());
  if (strip.first > 0)
    std::memmove(strip.made, strip.made + static_cast<std::size_t>(p.rows) * p.row_size,
                 sizeof(float) * kept * p.row_size);
  float* rows = strip.made + kept * p.row_size;
  for (int r = 0; r < strip.images * strip.rows; ++r)
    GradientRow(images, strip.image + r / strip.rows, strip.first + r % strip.rows,
                rows + static_cast<std::size_t>(r) * p.row_size);
  return rows;
}

/// A strip's share of the weights' gradient of one group: to the part's sums, laid out like the weights.
HWY_ATTR void WeightGradientStrip(const DirectGradientPlan& p, const GradientStrip& strip, int group, const float* x,
                                  const float* gradient) {
  const ConvGeometry& g = p.x.g;
  const std::ptrdiff_t image = std::ptrdiff_t{g.in_h} * g.in_w * g.in_c;
  const float* source = x + strip.image * image;
  for (int i = 0; p.x.copied && i < strip.images; ++i)
    FillStrip(p.x, {source + i * image, 0}, group, strip.first * g.stride, p.x.input_rows(strip.rows),
              strip.x + static_cast<std::size_t>(i) * p.x.strip_size);
  // A row of C is one weight of the window, a step is one pixel.
  Product m{.a = {nullptr, 1, std::ptrdiff_t{g.stride} * p.x.channels, g.stride * p.x.row_size()},
            .segments = strip.rows,
            .length = g.out_w,
            .c = {nullptr, g.out_c}};
  // Columns outside: a panel of the gradient, and of the sums if the image is small, stay in the cache.
  const int out_c = g.out_c / g.groups, panel = PanelWidth(out_c);
  const int pixels = strip.rows * g.out_w;
  const bool packed = g.kernel > 1 && g.out_c > panel;  // otherwise they are read too seldom
  float* panels = strip.x + p.x_size();
  if (packed) PackPanels({gradient + group * out_c, strip.images * pixels, out_c, g.out_c, 1}, panels);
  for (int n = 0; n < out_c; n += panel) {
    const int width = std::min(panel, out_c - n);
    const float* columns = packed ? panels + std::ptrdiff_t{n} * strip.images * pixels : gradient + group * out_c + n;
    m.b.row = packed ? width : g.out_c;
    for (int ky = 0; ky < g.kernel; ++ky) {
      m.c.at = strip.sums + std::ptrdiff_t{ky} * g.kernel * p.x.channels * g.out_c + group * out_c + n;
      for (int i = 0; i < strip.images; ++i) {
        m.a.at = (p.x.copied ? strip.x + static_cast<std::size_t>(i) * p.x.strip_size
                             : source + i * image + strip.first * m.a.segment) +
                 ky * p.x.row_size();
        m.b.at = columns + i * pixels * m.b.row;
        m.add = strip.add || i > 0;
        Multiply(m, g.kernel * p.x.channels, width);
      }
    }
  }
}

/// The input's gradient of one group, those rows for which a strip has the last row of the gradient that they need.
HWY_ATTR void InputGradientStrip(const DirectGradientPlan& p, const GradientStrip& strip, int group,
                                 const float* gradient, const float* flipped, float* dx) {
  const ConvGeometry& g = p.x.g;
  const int begin = std::max(strip.first, p.down.first());
  const int end = std::min(strip.first + p.rows, p.down.last() + 1);
  if (begin >= end) return;
  const int in_c = g.in_c / g.groups;
  for (int i = 0; i < strip.images; ++i)
    FillStrip(p.dy, {gradient + static_cast<std::size_t>(i * g.out_h) * p.row_size, strip.first}, group,
              begin - p.down.first(), p.dy.input_rows(end - begin),
              strip.dy + static_cast<std::size_t>(i) * p.dy.strip_size);
  Product m{.a = {nullptr, p.dy.channels, 1, p.dy.row_size()}, .c = {nullptr, std::ptrdiff_t{g.stride} * g.in_c}};
  const float* weights = flipped + std::ptrdiff_t{group} * in_c * g.kernel * g.kernel * p.dy.channels;
  const int panel = PanelWidth(in_c), most = p.kept() + 1;
  for (int n = 0; n < in_c; n += panel) {
    m.b.row = std::min(panel, in_c - n);
    for (int phase = 0; phase < g.stride * g.stride; ++phase) {
      const int py = phase / g.stride, px = phase % g.stride;
      const RowRange rows = p.down.range(py), columns = p.across.range(px);
      // Taps that a phase has not come before its own.
      const int above = most - p.down.taps(py), left = most - p.across.taps(px);
      m.length = p.across.taps(px) * p.dy.channels;
      const std::ptrdiff_t tap_row = m.length * m.b.row;
      for (int q = std::max(begin, rows.begin); q < std::min(end, rows.end); ++q) {
        RowRange seen = p.dy.rows_inside(q - p.down.first());  // rows of zeros need no multiplying
        seen.begin = std::max(seen.begin, above);
        m.segments = std::max(0, seen.end - seen.begin);
        m.b.at = weights + (seen.begin - above) * tap_row;
        const std::ptrdiff_t y = q * g.stride + py - g.pad_top, x = columns.begin * g.stride + px - g.pad_left;
        for (int i = 0; i < strip.images; ++i) {
          m.a.at = strip.dy + static_cast<std::size_t>(i) * p.dy.strip_size + (q - begin + seen.begin) * m.a.segment +
                   (columns.begin - p.across.first() + left) * m.a.row;
          m.c.at = dx + (((strip.image + i) * std::ptrdiff_t{g.in_h} + y) * g.in_w + x) * g.in_c + group * in_c + n;
          Multiply(m, columns.end - columns.begin, static_cast<int>(m.b.row));
        }
      }
      weights += p.down.taps(py) * tap_row;
    }
  }
}

HWY_ATTR void DirectGradients(const DirectGradientPlan& p, const ConvBackward& b) {
  const ConvGeometry& g = p.x.g;
  float *flipped = as<float>(b.scratch), *all_sums = flipped + p.sums_at();
  if (b.dx != nullptr) FlipWeights(p, b.w, flipped, *b.threads);
  b.threads->run(p.parts, [&](int part, int thread) HWY_ATTR {
    float* sums = all_sums + static_cast<std::size_t>(part) * p.part_size;
    std::memset(sums + p.weights, 0, sizeof(float) * static_cast<std::size_t>(g.out_c));
    float* x_work = flipped + p.threads_at() + static_cast<std::size_t>(thread) * p.thread_size();
    float *dy_work = x_work + p.x_size() + p.panels_size(), *made = dy_work + p.dy_size();
    const int begin = part * g.batch / p.parts, end = (part + 1) * g.batch / p.parts;
    for (int image = begin; image < end; image += p.images)
      for (int first = 0; first < p.end(); first += p.rows) {
        // After the last row there may be rows of the input's gradient still: of those it needs, all are kept.
        const GradientStrip strip{image,
                                  std::min(p.images, end - image),
                                  first,
                                  std::max(0, std::min(p.rows, g.out_h - first)),
                                  image > begin || first > 0,
                                  sums,
                                  x_work,
                                  dy_work,
                                  made};
        const float* gradient = MakeRows(p, strip, b.dy);
        if (b.dbias != nullptr)
          AddPixels(gradient, static_cast<std::size_t>(strip.images * strip.rows * g.out_w),
                    static_cast<std::size_t>(g.out_c), sums + p.weights);
        for (int group = 0; group < g.groups; ++group) {
          if (strip.rows > 0) WeightGradientStrip(p, strip, group, b.x, gradient);
          if (b.dx != nullptr) InputGradientStrip(p, strip, group, gradient, flipped, b.dx);
        }
      }
  });
  AddParts(all_sums, p.parts, p.part_size, p.weights, b.dw, *b.threads);
  if (b.dbias != nullptr)
    AddParts(all_sums + p.weights, p.parts, p.part_size, static_cast<std::size_t>(g.out_c), b.dbias, *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DirectGradients);

void Direct::gradients(const ConvProblem& p, const ConvBackward& b) const {
  HWY_DYNAMIC_DISPATCH(DirectGradients)(plan_direct_gradient(p.g), b);
}

}  // namespace lineament
#endif
