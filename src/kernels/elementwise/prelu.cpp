// PReLU: a slope for each channel.
#include <algorithm>
#include <cstring>

#include "kernels/common/budgets.hpp"
#include "kernels/common/memory.hpp"
#include "kernels/elementwise/kernels.hpp"
#include "lineament/threads.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/prelu.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/common/sums-inl.hpp"

#ifndef LINEAMENT_PRELU_PLAN
#define LINEAMENT_PRELU_PLAN
namespace lineament {
namespace {

/// Pixels cut into blocks, a task each.
struct SlopeBlocks {
  int pixels, channels;

  SlopeBlocks(std::size_t values, const Shape& shape)
      : pixels(static_cast<int>(values / static_cast<std::size_t>(shape.channels()))), channels(shape.channels()) {}
  int count() const { return (pixels + kSlopePixels - 1) / kSlopePixels; }
  int begin(int block) const { return block * kSlopePixels; }
  int end(int block) const { return std::min(pixels, begin(block) + kSlopePixels); }
};

}  // namespace
}  // namespace lineament
#endif

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void PReLUForward(const SlopeBlocks& blocks, const KernelForward<float>& f) {
  const float *x = f.input().data, *slope = f.params[0].data();
  f.threads->run(blocks.count(), [&](int task, int) HWY_ATTR {
    const std::ptrdiff_t offset = std::ptrdiff_t{blocks.begin(task)} * blocks.channels;
    const float* from = x + offset;
    float* to = f.output.data + offset;
    for (int p = blocks.begin(task); p < blocks.end(task); ++p, from += blocks.channels, to += blocks.channels)
      for (int c = 0; c < blocks.channels; ++c) to[c] = from[c] > 0 ? from[c] : from[c] * slope[c];
  });
}

HWY_ATTR void PReLUBackward(const SlopeBlocks& blocks, const KernelBackward<float>& b) {
  const auto count = static_cast<std::size_t>(blocks.channels);
  const float *x = b.input().data, *slope = b.params[0].data();
  float *dx = b.input_gradient().data, *all_sums = as<float>(b.scratch);
  b.threads->run(blocks.count(), [&](int task, int) HWY_ATTR {
    float* HWY_RESTRICT sums = all_sums + static_cast<std::size_t>(task) * count;
    std::memset(sums, 0, sizeof(float) * count);
    for (int p = blocks.begin(task); p < blocks.end(task); ++p) {
      const std::size_t at = static_cast<std::size_t>(p) * count;
      const float *from = x + at, *g = b.output_gradient.data + at;
      // In vectors of our own: a compiler rounds the product in some of the loops that it makes, and not in others.
      EachVectorOf(count, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
        const Vector value = Read(from + c, lanes);
        const auto positive = hn::Gt(value, hn::Zero(Floats()));
        const Vector product = hn::IfThenZeroElse(positive, hn::Mul(value, Read(g + c, lanes)));
        Write(hn::Add(Read(sums + c, lanes), product), sums + c, lanes);
      });
      if (dx == nullptr) continue;
      float* to = dx + at;
      for (std::size_t c = 0; c < count; ++c) to[c] = from[c] > 0 ? g[c] : g[c] * slope[c];
    }
  });
  AddParts(all_sums, blocks.count(), count, count, b.param_gradients[0].data(), *b.threads);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(PReLUForward);
HWY_EXPORT(PReLUBackward);

Needs PReLUKernel::needs(const OpProblem& p) const {
  const SlopeBlocks blocks(p.output.size() * static_cast<std::size_t>(p.batch), p.output);
  const auto sums = static_cast<std::size_t>(blocks.count()) * static_cast<std::size_t>(blocks.channels);
  return {.scratch = p.mode == Mode::train ? float_bytes(sums) : 0};
}

void PReLUKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  HWY_DYNAMIC_DISPATCH(PReLUForward)(SlopeBlocks(f.output.size(), p.output), f);
}

void PReLUKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  HWY_DYNAMIC_DISPATCH(PReLUBackward)(SlopeBlocks(b.output.size(), p.output), b);
}

}  // namespace lineament
#endif
