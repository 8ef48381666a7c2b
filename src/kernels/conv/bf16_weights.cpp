// Dense layers with weights in bfloat16. See tile-inl.hpp for the inner loop.
#include "kernels/conv/gemm_plan.hpp"
#include "kernels/conv/kernels.hpp"
#include "nn/bf16.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/bf16_weights.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/gemm-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// `count` values as floats.
HWY_INLINE void Widen(const std::uint16_t* from, std::size_t count, float* to) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Read(from + i, lanes), d, to + i);
  for (; i < count; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(from[i]) << 16;
    std::memcpy(to + i, &bits, sizeof(bits));
  }
}

HWY_ATTR void Bf16WeightsForward(const GemmPlan& p, const ConvForward& f) {
  const int part = p.part();
  const auto out = static_cast<std::size_t>(p.out);
  float *sums = as<float>(f.scratch), *widened = sums + p.parts_size();
  f.threads->run(p.parts(), [&](int task, int thread) HWY_ATTR {
    const int first = task * part, count = std::min(part, p.in - first);
    float* own = sums + static_cast<std::size_t>(task) * p.size();
    const std::uint16_t* rows = as<std::uint16_t>(f.packed) + static_cast<std::size_t>(first) * out;
    if (p.batch < kFewSamples) {  // straight from memory into the products
      for (int row = 0; row < p.batch; ++row)
        MultiplyRow(f.x + static_cast<std::ptrdiff_t>(row) * p.in + first, rows, count, out,
                    own + static_cast<std::size_t>(row) * out);
      return;
    }
    // For more it is worth while to widen them: a few rows of weights at a time become floats that stay in the cache,
    // and are used by all rows of the input.
    float* block = widened + static_cast<std::size_t>(thread) * kWidenedRows * out;
    for (int i = 0; i < count; i += kWidenedRows) {
      const int length = std::min(kWidenedRows, count - i);
      Widen(rows + static_cast<std::size_t>(i) * out, static_cast<std::size_t>(length) * out, block);
      Multiply({.a = {f.x + first + i, p.in}, .b = {block, p.out}, .length = length, .c = {own, p.out}, .add = i > 0},
               p.batch, p.out);
    }
  });
  SumParts(p, f);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineament {
HWY_EXPORT(Bf16WeightsForward);

const char* Bf16Weights::unfit(const ConvProblem& p) const {
  if (p.training()) return "training";
  if (p.precision != Precision::bf16) return "for bf16";
  return sees_all(p.g) && p.g.kernel == 1 ? nullptr : "needs a dense layer";
}

Needs Bf16Weights::memory(const ConvProblem& p) const {
  const GemmPlan plan(p.g);
  const std::size_t widened = plan.batch < kFewSamples ? 0
                                                       : static_cast<std::size_t>(p.threads) * kWidenedRows *
                                                             static_cast<std::size_t>(plan.out);
  return {.packed = sizeof(std::uint16_t) * weights_size(p.g), .scratch = float_bytes(plan.parts_size() + widened)};
}

void Bf16Weights::pack_weights(const ConvProblem& p, const float* w, const float*, std::span<std::byte> to,
                               Threads&) const {
  auto* halves = as<std::uint16_t>(to);
  for (std::size_t i = 0; i < weights_size(p.g); ++i) halves[i] = to_bf16(w[i]);
}

void Bf16Weights::run(const ConvProblem& p, const ConvForward& f) const {
  HWY_DYNAMIC_DISPATCH(Bf16WeightsForward)(GemmPlan(p.g), f);
}

}  // namespace lineament
#endif
