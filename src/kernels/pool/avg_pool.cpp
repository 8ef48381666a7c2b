// Mean over windows.
#include "kernels/pool/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/avg_pool.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/pool/windows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void AvgPoolForward(const PoolGeometry& g, const float* x, float* y, Threads& threads) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels;
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  EachWindow(g, x, threads, [&](const float* window, std::ptrdiff_t at) HWY_ATTR {
    float* HWY_RESTRICT to = y + at;
    std::memset(to, 0, sizeof(float) * static_cast<std::size_t>(g.channels));
    for (int tap = 0; tap < g.kernel * g.kernel; ++tap) {
      const float* HWY_RESTRICT seen = window + tap / g.kernel * row + tap % g.kernel * g.channels;
      for (int c = 0; c < g.channels; ++c) to[c] += seen[c];
    }
    for (int c = 0; c < g.channels; ++c) to[c] *= share;
  });
}

HWY_ATTR void AvgPoolBackward(const PoolGeometry& g, const float* dy, float* dx, Threads& threads) {
  const float share = 1.0f / static_cast<float>(g.kernel * g.kernel);
  ShareOut(g, dy, dx, threads, [share](std::ptrdiff_t, int, float gradient) HWY_ATTR { return gradient * share; });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(AvgPoolForward);
HWY_EXPORT(AvgPoolBackward);

void AvgPoolKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const PoolGeometry g = std::get<AvgPool>(p.layer).geometry(p.inputs[0], p.batch);
  HWY_DYNAMIC_DISPATCH(AvgPoolForward)(g, f.input().data, f.output.data, *f.threads);
}

void AvgPoolKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  const PoolGeometry g = std::get<AvgPool>(p.layer).geometry(p.inputs[0], p.batch);
  HWY_DYNAMIC_DISPATCH(AvgPoolBackward)(g, b.output_gradient.data, b.input_gradient().data, *b.threads);
}

}  // namespace lineament
#endif
