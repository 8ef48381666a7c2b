// Mean of each channel over the whole image: an image a task.
#include <cstring>

#include "kernels/pool/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/global_avg_pool.cpp"
#include "kernels/common/foreach_target.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void GlobalAvgPoolForward(const OpProblem& p, const float* x, float* y, Threads& threads) {
  const int pixels = p.inputs[0].height() * p.inputs[0].width(), channels = p.inputs[0].channels();
  threads.run(p.batch, [&](int image, int) HWY_ATTR {
    const float* HWY_RESTRICT from = x + static_cast<std::ptrdiff_t>(image) * pixels * channels;
    float* HWY_RESTRICT to = y + static_cast<std::ptrdiff_t>(image) * channels;
    std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(channels));
    for (int i = 0; i < pixels; ++i, from += channels)
      for (int c = 0; c < channels; ++c) to[c] += from[c];
    for (int c = 0; c < channels; ++c) to[c] /= static_cast<float>(pixels);
  });
}

HWY_ATTR void GlobalAvgPoolBackward(const OpProblem& p, const float* dy, float* dx, Threads& threads) {
  const int pixels = p.inputs[0].height() * p.inputs[0].width(), channels = p.inputs[0].channels();
  const float share = 1.0f / static_cast<float>(pixels);
  threads.run(p.batch, [&](int image, int) HWY_ATTR {
    const float* HWY_RESTRICT from = dy + static_cast<std::ptrdiff_t>(image) * channels;
    float* HWY_RESTRICT to = dx + static_cast<std::ptrdiff_t>(image) * pixels * channels;
    for (int i = 0; i < pixels; ++i, to += channels)
      for (int c = 0; c < channels; ++c) to[c] = from[c] * share;
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(GlobalAvgPoolForward);
HWY_EXPORT(GlobalAvgPoolBackward);

void GlobalAvgPoolKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(GlobalAvgPoolForward)(p, f.input().data, f.output.data, *f.threads);
}

void GlobalAvgPoolKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  HWY_DYNAMIC_DISPATCH(GlobalAvgPoolBackward)(p, b.output_gradient.data, b.input_gradient().data, *b.threads);
}

}  // namespace lineament
#endif
