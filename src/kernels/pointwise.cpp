// 1x1 convolutions: long runs of pixels times panels of weights. See tile-inl.hpp for the inner loop.
#include "lineament/kernels/pointwise.hpp"

#include <algorithm>

#include "kernels/targets.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

/// Two vectors of columns, three where that leaves none over.
HWY_INLINE int PanelWidth(int out) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  return out % (2 * lanes) != 0 && out % (3 * lanes) == 0 ? 3 * lanes : 2 * lanes;
}

/// Panels of columns: {panel, in, columns}. `in_step` and `out_step` say how the weights lie: turned round for the data
/// gradient.
HWY_ATTR void PackPanels(const float* w, int in, int out, std::ptrdiff_t in_step, std::ptrdiff_t out_step, float* to) {
  const int panel = PanelWidth(out);
  for (int n = 0; n < out; n += panel)
    for (int i = 0; i < in; ++i)
      for (int o = n; o < std::min(n + panel, out); ++o) *to++ = w[i * in_step + o * out_step];
}

HWY_ATTR void RunPointwise(std::size_t pixels, int in, int out, const float* x, const float* panels, const float* bias,
                           bool relu, float* y, Threads& threads) {
  const int panel = PanelWidth(out);
  // Whole tiles of rows; as many pixels as keep input and output in the second-level cache, and a task for every
  // thread.
  constexpr std::size_t kRows = 4 * 12;
  const auto channels = static_cast<std::size_t>(in + out);
  const std::size_t most = std::clamp<std::size_t>(std::size_t{64} * 1024 / channels / kRows, 1, 16) * kRows;
  const auto team = static_cast<std::size_t>(threads.count());
  const std::size_t share = ((pixels + team - 1) / team + 11) / 12 * 12;
  const std::size_t run = std::min(most, share);
  threads.run(static_cast<int>((pixels + run - 1) / run), [&](int task, int) HWY_ATTR {
    const std::size_t first = static_cast<std::size_t>(task) * run;
    const int count = static_cast<int>(std::min(run, pixels - first));
    Product m{};
    m.a = x + first * static_cast<std::size_t>(in);
    m.a_row = in;
    m.a_step = 1;
    m.segments = 1;
    m.length = in;
    m.c_row = out;
    m.relu = relu;
    for (int n = 0; n < out; n += panel) {
      const int width = std::min(panel, out - n);
      m.b = panels + static_cast<std::ptrdiff_t>(n) * in;
      m.b_row = width;
      m.bias = bias == nullptr ? nullptr : bias + n;
      m.c = y + first * static_cast<std::size_t>(out) + n;
      Multiply(m, count, width);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PackPanels);
HWY_EXPORT(RunPointwise);

namespace {
std::size_t pixels_of(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.batch) * static_cast<std::size_t>(g.out_h) * static_cast<std::size_t>(g.out_w);
}
}  // namespace

bool pointwise_fits(const ConvGeometry& g) {
  return g.kernel == 1 && g.stride == 1 && g.groups == 1 && g.pad_top == 0 && g.pad_left == 0 && g.in_h == g.out_h &&
         g.in_w == g.out_w;
}

std::size_t pointwise_weights_size(const ConvGeometry& g) {
  return static_cast<std::size_t>(g.in_c) * static_cast<std::size_t>(g.out_c);
}

void pointwise_weights(const ConvGeometry& g, const float* w, float* panels) {
  HWY_DYNAMIC_DISPATCH(PackPanels)(w, g.in_c, g.out_c, g.out_c, 1, panels);
}

std::size_t pointwise_scratch(const ConvGeometry& g, int threads) {
  return std::max(conv_scratch(g, true, threads), pointwise_weights_size(g));
}

void pointwise_forward(const ConvGeometry& g, const float* x, const float* panels, const float* bias, bool relu,
                       float* y, Threads& threads) {
  HWY_DYNAMIC_DISPATCH(RunPointwise)(pixels_of(g), g.in_c, g.out_c, x, panels, bias, relu, y, threads);
}

void pointwise_backward(const ConvGeometry& g, const float* x, const float* w, const float* dy, float* dx, float* dw,
                        float* dbias, float* scratch, Threads& threads) {
  conv_backward(g, x, w, dy, nullptr, dw, dbias, scratch, threads);
  if (dx == nullptr) return;
  HWY_DYNAMIC_DISPATCH(PackPanels)(w, g.out_c, g.in_c, 1, g.out_c, scratch);
  HWY_DYNAMIC_DISPATCH(RunPointwise)(pixels_of(g), g.out_c, g.in_c, dy, scratch, nullptr, false, dx, threads);
}

}  // namespace lineament
#endif
