// Convolutions in fp32 on AMX, which multiplies bfloat16 alone: when, and how their weights are split. A float is the
// sum of two bfloat16 and 2^-17 of it at most; of the four products of two such sums the one of the lesser halves is
// left out, 2^-16 at most. So a product is off by 2^-15 at most, and sums about as far as Winograd's in tiles of 4x4.
// They run in low_precision.cpp.
// Henry, Tang, Heinecke: Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations,
// ARITH 2019.
#include <cstring>

#include "kernels/common/amx.hpp"
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/low_precision_plan.hpp"
#include "nn/bf16.hpp"

namespace lineament {

const char* Bf16x3::unfit(const ConvProblem& p) const {
  const ConvGeometry& g = p.g;
  if (p.precision != Precision::fp32) return "for fp32";
  if (!has_amx()) return "needs AMX";
  if (p.training()) return "training";
  if (g.groups != 1) return "groups";
  // With fewer, splitting the input and writing the sums take longer than the products save (decisions/032).
  constexpr int kChannels = 32;
  if (g.in_c < kChannels) return "needs 32 channels in";
  if (g.in_c % 2 != 0) return "needs an even number of channels in";
  if (g.out_h * g.out_w < kAmxRows) return "fewer pixels than a register of AMX has rows";
  return runs_on_amx(plan_words(g, Numbers::split).length()) ? nullptr : kUnevenForAmx;
}

void Bf16x3::pack_weights(const ConvProblem& problem, const float* w, const float* bias, std::span<std::byte> to,
                          Threads&) const {
  using Number = std::uint16_t;
  const WordPlan p = plan_words(problem.g, Numbers::split);
  std::memset(to.data(), 0, to.size());
  const WordWeights<float> packed(p, as<float>(to));
  std::fill_n(packed.scale, p.g.out_c, 1.0f);
  if (bias != nullptr) std::copy_n(bias, p.g.out_c, packed.offset);
  packed.each_row<Number>(p, w, [&](const float* row, Number* words) {
    Number* low = words + 2 * p.low_weights();
    for (int n = 0; n < p.g.out_c; ++n) {
      const std::ptrdiff_t place = packed.place<Number>(p, n);
      words[place] = to_bf16(row[n]);
      low[place] = to_bf16(row[n] - from_bf16(words[place]));
    }
  });
}

}  // namespace lineament
