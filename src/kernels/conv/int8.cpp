// Convolutions in int8: when, and how their weights are rounded. They run in low_precision.cpp.
#include <cmath>
#include <cstring>

#include "kernels/common/bytes.hpp"
#include "kernels/common/isa.hpp"
#include "kernels/conv/kernels.hpp"
#include "kernels/conv/low_precision_plan.hpp"
#include "kernels/conv/winograd_plan.hpp"
#include "lineament/isa.hpp"

namespace lineament {

const char* Int8::unfit(const ConvProblem& p) const {
  const ConvGeometry& g = p.g;
  if (p.precision != Precision::int8) return "for int8";
  if (p.training()) return "training";
  if (g.groups != 1) return "groups";
  // Products of bytes are at most twice as fast there, and Winograd's algorithm needs a quarter of them.
  if (!has_int8_products() && winograd_unfit(g) == nullptr) return "Winograd's is faster without VNNI or SDOT";
  // Bytes that become 32-bit numbers first take three times the instructions of floats (decisions/016). They gain only
  // where products wait for weights from memory. Whatever the batch: pack_weights() serves sessions of any.
  if (!multiplies_bytes() && g.out_h * g.out_w > kFewSamples) return "no products of bytes here";
  const bool exact = std::ptrdiff_t{g.kernel} * g.kernel * g.in_c <= std::ptrdiff_t{INT32_MAX} / (255 * 127);
  return exact ? nullptr : "sums would overflow 32 bits";
}

/// Scales each column to -127 … 127, and where it must be, so that two neighbours are 128 at most together: see
/// int8_adds_pairs(). Rounded, 127.999 is never more than 128; 128 might be 129.
void Int8::pack_weights(const ConvProblem& problem, const float* w, const float* bias, std::span<std::byte> to,
                        Threads&) const {
  using Number = std::int8_t;
  const WordPlan p = plan_words(problem.g, Numbers::int8);
  std::memset(to.data(), 0, to.size());
  const WordWeights<float> packed(p, as<float>(to));
  const ByteScale in = byte_scale(problem.range);
  packed.input[0] = in.step;
  packed.input[1] = in.zero;
  float *scale = packed.scale, *offset = packed.offset;
  const int columns = p.g.out_c;
  constexpr float kOfPair = 127 / 127.999f;
  int channel = 0;
  packed.each_row<Number>(p, w, [&](const float* row, Number*) {
    const bool second = channel % 2 != 0 && int8_adds_pairs();
    channel = (channel + 1) % p.g.in_c;
    for (int n = 0; n < columns; ++n) {
      scale[n] = std::max(scale[n], std::abs(row[n]));
      if (second) scale[n] = std::max(scale[n], kOfPair * std::abs(row[n] + row[n - columns]));
    }
  });
  for (int n = 0; n < columns; ++n) scale[n] = weight_step(scale[n]);
  packed.each_row<Number>(p, w, [&](const float* row, Number* words) {
    for (int n = 0; n < columns; ++n) {
      const float rounded = std::nearbyint(row[n] / scale[n]);
      words[packed.place<Number>(p, n)] = static_cast<Number>(rounded);
      offset[n] += rounded;  // the sum of the column's weights, which is exact
    }
  });
  for (int n = 0; n < columns; ++n) {
    scale[n] *= in.step;
    offset[n] *= scale[n] * (static_cast<float>(int8_input_shift()) - in.zero);
    if (bias != nullptr) offset[n] += bias[n];
  }
}

}  // namespace lineament
