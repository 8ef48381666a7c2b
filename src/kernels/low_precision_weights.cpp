// Weights in int8 and bfloat16, in groups of columns: see low_precision-inl.hpp.
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/bf16.hpp"
#include "kernels/low_precision_plan.hpp"

namespace lineament {
namespace {

/// Calls f(row of weights, tap, channel) in the order they lie in memory.
template <class F>
void each_row(const ConvGeometry& g, const float* w, F&& f) {
  for (int tap = 0; tap < g.kernel * g.kernel; ++tap)
    for (int channel = 0; channel < g.in_c; ++channel, w += g.out_c) f(w, tap, channel);
}

/// Where the weights of one tap and channel begin: those of column n are kGroupColumns words of groups and n words on.
template <class T>
T* place_of(const WordPlan& p, float* words, int tap, int channel) {
  constexpr int kInWord = 4 / static_cast<int>(sizeof(T));
  const std::ptrdiff_t word = (std::ptrdiff_t{tap} * p.words + channel / kInWord) * kGroupColumns;
  return reinterpret_cast<T*>(words + word) + channel % kInWord;
}

void pack_bf16(const WordPlan& p, const float* w, float* words) {
  each_row(p.g, w, [&](const float* row, int tap, int channel) {
    auto* to = place_of<std::uint16_t>(p, words, tap, channel);
    for (int n = 0; n < p.g.out_c; ++n)
      to[2 * (n / kGroupColumns * p.group_words() + n % kGroupColumns)] = to_bf16(row[n]);
  });
}

/// Scales each column to -127 … 127. Gives the column's step in `scale` and the sum of its weights in `sums`, which is
/// exact.
void pack_int8(const WordPlan& p, const float* w, float* scale, float* sums, float* words) {
  const int columns = p.g.out_c;
  each_row(p.g, w, [&](const float* row, int, int) {
    for (int n = 0; n < columns; ++n) scale[n] = std::max(scale[n], std::abs(row[n]));
  });
  for (int n = 0; n < columns; ++n) scale[n] = scale[n] > 0 ? scale[n] / 127 : 1.0f;
  each_row(p.g, w, [&](const float* row, int tap, int channel) {
    auto* to = place_of<std::int8_t>(p, words, tap, channel);
    for (int n = 0; n < columns; ++n) {
      const float rounded = std::nearbyint(row[n] / scale[n]);
      to[4 * (n / kGroupColumns * p.group_words() + n % kGroupColumns)] = static_cast<std::int8_t>(rounded);
      sums[n] += rounded;
    }
  });
}

}  // namespace

std::size_t low_precision_weights_size(const ConvGeometry& g, Number number) {
  const WordPlan p = plan_words(g, number);
  const auto groups = static_cast<std::size_t>(p.groups);
  return kHeader + 2 * groups * kGroupColumns + groups * static_cast<std::size_t>(p.group_words());
}

void low_precision_weights(const ConvGeometry& g, Number number, const float* w, const float* bias, Range input,
                           float* packed) {
  const WordPlan p = plan_words(g, number);
  std::memset(packed, 0, low_precision_weights_size(g, number) * sizeof(float));
  const ByteScale in = byte_scale(input);
  packed[0] = in.step;
  packed[1] = in.zero;
  float* scale = packed + kHeader;
  float* offset = scale + std::ptrdiff_t{p.groups} * kGroupColumns;
  float* words = offset + std::ptrdiff_t{p.groups} * kGroupColumns;
  if (number == Number::bf16) {
    std::fill_n(scale, g.out_c, 1.0f);
    pack_bf16(p, w, words);
  } else {
    pack_int8(p, w, scale, offset, words);
    for (int n = 0; n < g.out_c; ++n) {
      scale[n] *= in.step;
      offset[n] *= -scale[n] * in.zero;
    }
  }
  if (bias == nullptr) return;
  for (int n = 0; n < g.out_c; ++n) offset[n] += bias[n];
}

}  // namespace lineament
