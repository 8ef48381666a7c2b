// Depthwise convolution: see depthwise-inl.hpp; the gradients are in depthwise_gradient.cpp.
#include <algorithm>

#include "kernels/conv.hpp"
#include "kernels/targets.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/depthwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

HWY_ATTR void DepthwiseForward(const ConvGeometry& g, const float* x, const NormFactors& norm, const float* w,
                               const float* bias, bool relu, float* y, const NormBlocks& moments, float* scratch,
                               Threads& threads) {
  // Some rows a task, which share most of their input: an even number of tasks of about one size, for two threads and
  // one picture.
  constexpr int kRows = 8;
  const bool made = norm || moments;  // rows of x, or sums over rows of y
  const int even = g.out_h <= kRows ? 1 : (g.out_h + 2 * kRows - 1) / (2 * kRows) * 2;
  const int strips = made ? (g.out_h + kDepthwiseRows - 1) / kDepthwiseRows : even;
  const Floats d;
  const Vector least = relu ? hn::Zero(d) : hn::Set(d, kNothingCut);
  const std::size_t pixels = static_cast<std::size_t>(g.in_h * g.in_w), channels_in = static_cast<std::size_t>(g.in_c);
  threads.run(g.batch * strips, [&](int task, int thread) HWY_ATTR {
    const int image = task / strips, strip = task % strips;
    const RowRange rows = made ? RowRange{strip * kDepthwiseRows, std::min(g.out_h, (strip + 1) * kDepthwiseRows)}
                               : RowRange{strip * g.out_h / strips, (strip + 1) * g.out_h / strips};
    const float* in =
        NormalisedRows(norm, {}, x, static_cast<std::size_t>(image) * pixels * channels_in, conv_input_rows(g, rows),
                       g.in_w, channels_in, scratch + static_cast<std::size_t>(thread) * pixels * channels_in);
    float* out = y + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.in_c;
    EachVectorOfChannels(g.in_c, [&]<bool kPartial>(const Channels<kPartial>& channels, std::size_t c) HWY_ATTR {
      const Vector start = bias == nullptr ? hn::Zero(d) : channels.load(bias + c);
      const Lines<kPartial> lines{g, channels, in + c, w + c, start, least, out + c};
      for (int oy = rows.begin; oy < rows.end; ++oy) lines.run(oy);
    });
    if (moments)
      BlockMoments(out + static_cast<std::size_t>(rows.begin * g.out_w) * channels_in,
                   static_cast<std::size_t>((rows.end - rows.begin) * g.out_w), channels_in,
                   moments.of(static_cast<std::size_t>(task), channels_in));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseForward);

NormBlocks depthwise_norm_blocks(const ConvGeometry& g, bool of_input) {
  const auto images = static_cast<std::size_t>(g.batch);
  const int height = of_input ? g.in_h : g.out_h, width = of_input ? g.in_w : g.out_w;
  return {nullptr, images, static_cast<std::size_t>(height * width), static_cast<std::size_t>(kDepthwiseRows * width)};
}

void depthwise_forward(const ConvGeometry& g, const float* x, const NormFactors& norm, const float* w,
                       const float* bias, bool relu, float* y, const NormBlocks& moments, float* scratch,
                       Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(g, x, norm, w, bias, relu, y, moments, scratch, threads);
}

}  // namespace lineament
#endif
