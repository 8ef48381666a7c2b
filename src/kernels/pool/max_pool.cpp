// Maximum over windows.
#include "kernels/common/memory.hpp"
#include "kernels/pool/kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/max_pool.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/pool/windows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Maximum of one window, and with `mask` its position, the first one of equals.
template <bool kMask>
HWY_ATTR HWY_INLINE void MaxWindow(const PoolGeometry& g, const float* window, float* y, std::uint8_t* mask) {
  const Floats d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> d8;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(g.in_w) * g.channels;
  int c = 0;
  for (; c + lanes <= g.channels; c += lanes) {
    auto best = hn::LoadU(d, window + c);
    auto position = hn::Zero(di);
    for (int ky = 0, tap = 0; ky < g.kernel; ++ky)
      for (int kx = 0; kx < g.kernel; ++kx, ++tap) {
        const auto seen = hn::LoadU(d, window + ky * row + kx * g.channels + c);
        if (kMask) position = hn::IfThenElse(hn::RebindMask(di, hn::Gt(seen, best)), hn::Set(di, tap), position);
        best = hn::Max(seen, best);
      }
    hn::StoreU(best, d, y + c);
    if (kMask) hn::StoreU(hn::DemoteTo(d8, position), d8, mask + c);
  }
  for (; c < g.channels; ++c) {
    float best = window[c];
    std::uint8_t position = 0;
    for (int tap = 1; tap < g.kernel * g.kernel; ++tap) {
      const float seen = window[tap / g.kernel * row + tap % g.kernel * g.channels + c];
      if (seen > best) {
        best = seen;
        position = static_cast<std::uint8_t>(tap);
      }
    }
    y[c] = best;
    if (kMask) mask[c] = position;
  }
}

/// `mask` (nullptr when inferring): one byte an output value, the position in its window (row by row) of the first
/// maximum.
HWY_ATTR void MaxPoolForward(const PoolGeometry& g, const float* x, float* y, std::uint8_t* mask, Threads& threads) {
  EachWindow(g, x, threads, [&](const float* window, std::ptrdiff_t at) HWY_ATTR {
    if (mask != nullptr)
      MaxWindow<true>(g, window, y + at, mask + at);
    else
      MaxWindow<false>(g, window, y + at, nullptr);
  });
}

HWY_ATTR void MaxPoolBackward(const PoolGeometry& g, const std::uint8_t* mask, const float* dy, float* dx,
                              Threads& threads) {
  ShareOut(g, dy, dx, threads, [mask](std::ptrdiff_t i, int tap, float gradient) HWY_ATTR {
    return mask[i] == static_cast<std::uint8_t>(tap) ? gradient : 0.0f;
  });
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(MaxPoolForward);
HWY_EXPORT(MaxPoolBackward);

Needs MaxPoolKernel::needs(const OpProblem& p) const {
  return {.saved = p.mode == Mode::train ? p.output.size() * static_cast<std::size_t>(p.batch) : 0};
}

void MaxPoolKernel::forward(const OpProblem& p, const KernelForward<float>& f) const {
  const PoolGeometry g = std::get<MaxPool>(p.layer).geometry(p.inputs[0], p.batch);
  HWY_DYNAMIC_DISPATCH(MaxPoolForward)(g, f.input().data, f.output.data, as<std::uint8_t>(f.saved), *f.threads);
}

void MaxPoolKernel::backward(const OpProblem& p, const KernelBackward<float>& b) const {
  if (b.input_gradient().data == nullptr) return;
  const PoolGeometry g = std::get<MaxPool>(p.layer).geometry(p.inputs[0], p.batch);
  HWY_DYNAMIC_DISPATCH(MaxPoolBackward)
  (g, as<std::uint8_t>(b.saved), b.output_gradient.data, b.input_gradient().data, *b.threads);
}

}  // namespace lineament
#endif
