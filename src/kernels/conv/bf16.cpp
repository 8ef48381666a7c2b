// Convolutions with products of bfloat16: when, and how their weights are rounded. They run in low_precision.cpp.
#include <cstring>

#include "kernels/common/amx.hpp"
#include "kernels/common/budgets.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/low_precision_plan.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/isa.hpp"
#include "nn/bf16.hpp"

namespace lineament {

const char* Bf16::unfit(const ConvProblem& p) const {
  const ConvGeometry& g = p.g;
  if (p.precision != Precision::bf16) return "for bf16";
  if (p.training()) return "training";
  if (g.groups != 1) return "groups";
  const int length = plan_words(g, Numbers::bf16).length();
  if (const char* reason = slow_in_bf16(length)) return reason;
  // Reading the weights is then what takes the time, and the activations may as well stay floats.
  if (sees_all(g) && g.kernel == 1 && g.batch < kFewSamples) return "a few samples of a dense layer";
  if (runs_on_amx(length)) return nullptr;
  return winograd_unfit(g) == nullptr ? "Winograd's algorithm saves more" : nullptr;
}

void Bf16::pack_weights(const ConvProblem& problem, const float* w, const float* bias, std::span<std::byte> to,
                        Threads&) const {
  using Number = std::uint16_t;
  const WordPlan p = plan_words(problem.g, Numbers::bf16);
  std::memset(to.data(), 0, to.size());
  const WordWeights<float> packed(p, as<float>(to));
  std::fill_n(packed.scale, p.g.out_c, 1.0f);
  if (bias != nullptr) std::copy_n(bias, p.g.out_c, packed.offset);
  packed.each_row<Number>(p, w, [&](const float* row, Number* words) {
    for (int n = 0; n < p.g.out_c; ++n) words[packed.place<Number>(p, n)] = to_bf16(row[n]);
  });
}

}  // namespace lineament
