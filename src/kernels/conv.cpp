// Direct convolution as an implicit matrix product over strips of rows. See tile-inl.hpp for the inner loop.
#include "kernels/conv.hpp"

#include <algorithm>

#include "kernels/strip_plan.hpp"
#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/max_pool-inl.hpp"
#include "kernels/panels-inl.hpp"
#include "kernels/strips-inl.hpp"
#include "kernels/tile-inl.hpp"

#ifndef LINEAMENT_CONV_PLAN
#define LINEAMENT_CONV_PLAN
namespace lineament {
namespace {

/// A strip's input and output stay in the second-level cache; even, so that a 2x2 pool fits.
StripPlan plan_forward(const ConvGeometry& g) {
  constexpr int kStripBytes = 256 * 1024;
  const int padded_width = (g.out_w - 1) * g.stride + g.kernel;
  const int row_bytes = 4 * (g.stride * padded_width * (g.in_c / g.groups) + g.out_w * g.out_c);
  return plan_strips(g, std::clamp(kStripBytes / row_bytes / 2 * 2, 2, 8));
}

/// Floats of scratch of a thread: the strip, and with a max-pool what it reads.
std::size_t own_size(const StripPlan& p) {
  return p.strip_size + round_up(static_cast<std::size_t>(p.rows) * static_cast<std::size_t>(p.g.out_w * p.g.out_c));
}

}  // namespace
}  // namespace lineament
#endif  // LINEAMENT_CONV_PLAN

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Group by group, panels of columns: neighbours of a panel lie next to each other, whatever the number of channels.
HWY_ATTR void PackWindows(const ConvGeometry& g, const float* w, float* panels) {
  const int size = g.kernel * g.kernel * (g.in_c / g.groups), out = g.out_c / g.groups;
  for (int group = 0; group < g.groups; ++group)
    PackPanels(w + group * out, size, out, g.out_c, 1, panels + std::ptrdiff_t{group} * size * out);
}

HWY_ATTR void RunStrip(const StripPlan& p, int image, int strip, const float* x, const float* panels, const float* bias,
                       ConvEpilogue epilogue, float* y, float* scratch) {
  const ConvGeometry& g = p.g;
  const int first = strip * p.rows;
  const int rows = std::min(p.rows, g.out_h - first);
  const float* in = x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
  const std::ptrdiff_t out_row = static_cast<std::ptrdiff_t>(g.out_w) * g.out_c;
  float* out =
      epilogue.max_pool ? scratch + p.strip_size : y + (static_cast<std::ptrdiff_t>(image) * g.out_h + first) * out_row;
  const int out_channels = g.out_c / g.groups;
  for (int group = 0; group < g.groups; ++group) {
    if (p.copied) FillStrip(p, in, 0, group, first * g.stride, p.input_rows(rows), scratch);
    const float* source = p.copied ? scratch : in + static_cast<std::ptrdiff_t>(first * g.stride) * g.in_w * g.in_c;
    Product m{};
    m.a_row = std::ptrdiff_t{g.stride} * p.channels;
    m.a_step = 1;
    m.a_segment = p.row_size();
    m.length = g.kernel * p.channels;
    m.c_row = g.out_c;
    m.relu = epilogue.relu;
    // Columns outside: the weights of two vectors of channels stay in the cache for the whole strip.
    const int panel = PanelWidth(out_channels);
    for (int n = 0; n < out_channels; n += panel) {
      m.b_row = std::min(panel, out_channels - n);
      m.bias = bias == nullptr ? nullptr : bias + group * out_channels + n;
      const float* weights = panels + std::ptrdiff_t{g.kernel} * m.length * (group * out_channels + n);
      for (int r = 0; r < rows; ++r) {
        const RowRange seen = p.rows_inside(first + r);  // rows of zeros need no multiplying
        m.segments = seen.end - seen.begin;
        m.a = source + (r * g.stride + seen.begin) * m.a_segment;
        m.b = weights + seen.begin * m.length * m.b_row;
        m.c = out + r * out_row + group * out_channels + n;
        if (epilogue.add != nullptr) m.residual = epilogue.add + (m.c - y);
        Multiply(m, g.out_w, static_cast<int>(m.b_row));
      }
    }
  }
  if (epilogue.max_pool) {
    const std::ptrdiff_t at =
        (static_cast<std::ptrdiff_t>(image) * (g.out_h / 2) + first / 2) * (g.out_w / 2) * g.out_c;
    PoolStrip(out, rows, g.out_w, g.out_c, y + at, epilogue.winners == nullptr ? nullptr : epilogue.winners + at,
              epilogue.relu);
  }
}

HWY_ATTR void RunConv(const StripPlan& p, const float* x, const float* panels, const float* bias, ConvEpilogue epilogue,
                      float* y, float* scratch, Threads& threads) {
  const int strips = p.strips();
  threads.run(p.g.batch * strips, [&](int task, int thread) HWY_ATTR {
    float* own = scratch + static_cast<std::size_t>(thread) * own_size(p);
    RunStrip(p, task / strips, task % strips, x, panels, bias, epilogue, y, own);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackWindows);
HWY_EXPORT(RunConv);

std::size_t conv_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.kernel * g.kernel) * static_cast<std::size_t>(g.in_c / g.groups * g.out_c);
}

void conv_weights(const ConvGeometry& g, const float* w, float* panels) {
  HWY_DYNAMIC_DISPATCH(PackWindows)(g, w, panels);
}

std::size_t conv_scratch(const ConvGeometry& g, bool train, int threads) {
  const std::size_t forward = static_cast<std::size_t>(threads) * own_size(plan_forward(g));
  return train ? std::max(forward, conv_gradient_scratch(g, threads)) : forward;
}

void conv_forward(const ConvGeometry& g, const float* x, const float* panels, const float* bias, ConvEpilogue epilogue,
                  float* y, float* scratch, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunConv)(plan_forward(g), x, panels, bias, epilogue, y, scratch, threads);
}

}  // namespace lineament
#endif
