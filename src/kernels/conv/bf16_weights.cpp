// Dense layers with weights in bfloat16. See gemm-inl.hpp and gemm_samples-inl.hpp for the inner loops.
#include "kernels/conv/gemm_plan.hpp"
#include "kernels/conv/kernels.hpp"
#include "nn/bf16.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv/bf16_weights.cpp"
#include "kernels/common/foreach_target.hpp"
#include "kernels/conv/gemm-inl.hpp"
#include "kernels/conv/gemm_samples-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

HWY_ATTR void Bf16WeightsForward(const GemmPlan& p, const ConvForward& f) {
  const int part = p.part();
  const auto out = static_cast<std::size_t>(p.out);
  float* sums = as<float>(f.scratch);
  const bool few = p.batch < kFewSamples;
  const RowReadingPass reading(p.row_reading_layer(few, sizeof(std::uint16_t), f.threads->count()));
  f.threads->run(p.parts(), [&](int task, int) HWY_ATTR {
    const int first = task * part, count = std::min(part, p.in - first);
    float* own = sums + static_cast<std::size_t>(task) * p.size();
    const std::uint16_t* rows = as<std::uint16_t>(f.packed) + static_cast<std::size_t>(first) * out;
    if (few) {  // straight from memory into the products
      for (int row = 0; row < p.batch; ++row)
        MultiplyRow(reading.how(), f.x + static_cast<std::ptrdiff_t>(row) * p.in + first, rows, count, out,
                    own + static_cast<std::size_t>(row) * out);
      return;
    }
    MultiplySamples(reading.how(), p, f.x + first, rows, count, own);
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
  return {.packed = sizeof(std::uint16_t) * weights_size(p.g), .scratch = float_bytes(GemmPlan(p.g).parts_size())};
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
