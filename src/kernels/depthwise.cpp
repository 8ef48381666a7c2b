// Depthwise convolution: see depthwise-inl.hpp; the gradients are in depthwise_gradient.cpp.
#include <algorithm>

#include "kernels/targets.hpp"
#include "lineament/kernels/conv.hpp"
#include "lineament/kernels/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/depthwise-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament {
namespace HWY_NAMESPACE {

HWY_ATTR void DepthwiseForward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu,
                               float* y, Threads& threads) {
  // Some rows a task, which share most of their input: an even number of tasks of about one size, for two threads and
  // one picture.
  constexpr int kRows = 8;
  const int strips = g.out_h <= kRows ? 1 : (g.out_h + 2 * kRows - 1) / (2 * kRows) * 2;
  const Floats d;
  const Vector least = relu ? hn::Zero(d) : hn::Set(d, -hwy::HighestValue<float>());
  threads.run(g.batch * strips, [&](int task, int) HWY_ATTR {
    const int image = task / strips, strip = task % strips;
    const float* in = x + static_cast<std::ptrdiff_t>(image) * g.in_h * g.in_w * g.in_c;
    float* out = y + static_cast<std::ptrdiff_t>(image) * g.out_h * g.out_w * g.in_c;
    EachVectorOfChannels(g.in_c, [&]<bool kPartial>(const Channels<kPartial>& channels, std::size_t c) HWY_ATTR {
      const Vector start = bias == nullptr ? hn::Zero(d) : channels.load(bias + c);
      const Lines<kPartial> lines{g, channels, in + c, w + c, start, least, out + c};
      for (int oy = strip * g.out_h / strips; oy < (strip + 1) * g.out_h / strips; ++oy) lines.run(oy);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace lineament
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(DepthwiseForward);

void depthwise_forward(const ConvGeometry& g, const float* x, const float* w, const float* bias, bool relu, float* y,
                       Threads& threads) {
  HWY_DYNAMIC_DISPATCH(DepthwiseForward)(g, x, w, bias, relu, y, threads);
}

}  // namespace lineament
#endif
