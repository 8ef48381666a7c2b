// Dense layers of several samples whose weights come from memory. Register tiles (tile-inl.hpp) would read two or three
// vectors of a row, then those of the next one: pieces of 128 bytes, often 4 KB apart, again for every dozen samples.
// Here rows are read in long pieces, once for 32 samples, and the samples' sums stay in the first-level cache. Sums are
// added in the same order, so in fp32 they have the same bits. Compiled once for each instruction set.
#if defined(LINEAMENT_GEMM_SAMPLES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef LINEAMENT_GEMM_SAMPLES_INL
#undef LINEAMENT_GEMM_SAMPLES_INL
#else
#define LINEAMENT_GEMM_SAMPLES_INL
#endif

#include <algorithm>

#include "kernels/conv/gemm-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lineament::HWY_NAMESPACE {

/// Some samples' inputs and sums, each sample's together: where a layer has them, samples lie multiples of 4 KB apart,
/// and the first-level cache would keep them all in one place.
struct SampleBlock {
  /// The sums, 16 KB, and the inputs take at most half of a first-level cache of 32 KB and more.
  static constexpr int kSamples = 32, kSums = 4096;
  static constexpr int kRows = 4;  // inputs at a time: eight were slower
  static_assert(kSums / kSamples >= 64, "room for a cache line of each sample's sums");
  int samples;
  std::size_t columns;
  float inputs[kSamples * kRows];
  alignas(64) float sums[kSums];
};

/// How many weights ahead are prefetched, and into which cache. A Zen 5 is up to a quarter faster with the first way; a
/// Zen 4 was up to 5 % slower with a quarter of the second one's distance.
struct SamplesNear {
  static constexpr std::size_t kAhead = 2048;
  static constexpr int kInto = 3;  // the first-level cache
};
struct SamplesFar {
  static constexpr std::size_t kAhead = 16384;
  static constexpr int kInto = 2;  // the second-level cache
};

/// Adds kRows inputs of every sample times kVectors vectors of their rows of weights, the last of `last` columns, to
/// the sums from column n on.
template <class How, int kRows, int kVectors, class W>
HWY_INLINE void AddToSamples(SampleBlock& block, std::size_t n, const W* w, std::size_t out, std::size_t last) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t ahead = std::max(kRows * out, How::kAhead);
  const auto columns = [&](int v) { return v == kVectors - 1 ? last : lanes; };
  Vector weights[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const W* from = w + static_cast<std::size_t>(r) * out + n + v * lanes;
      weights[r][v] = Read(from, columns(v));
      __builtin_prefetch(from + ahead, 0, How::kInto);
    }
  const float* value = block.inputs;
  float* sums = block.sums + n;
  for (int i = 0; i < block.samples; ++i, value += kRows, sums += block.columns) {
    Vector sum[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[v] = Read(sums + v * lanes, columns(v));
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vector factor = hn::Set(d, value[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[v] = hn::MulAdd(factor, weights[r][v], sum[v]);
    }
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) Write(sum[v], sums + v * lanes, columns(v));
  }
}

/// Adds kRows inputs of every sample, from x on, times the block's columns of their rows of weights.
template <class How, int kRows, class W>
HWY_INLINE void AddRowsToSamples(SampleBlock& block, const float* x, std::ptrdiff_t in, const W* w, std::size_t out) {
  for (int i = 0; i < block.samples; ++i) std::copy_n(x + i * in, kRows, block.inputs + i * kRows);
  const std::size_t lanes = hn::Lanes(Floats()), columns = block.columns;
  std::size_t n = 0;
  for (; n + 2 * lanes <= columns; n += 2 * lanes) AddToSamples<How, kRows, 2>(block, n, w, out, lanes);
  for (; n < columns; n += lanes) AddToSamples<How, kRows, 1>(block, n, w, out, std::min(lanes, columns - n));
}

/// y {batch, out} = x, rows `in` apart, times `length` rows of weights, floats or bfloat16.
template <class How, class W>
HWY_ATTR void MultiplySamples(const GemmPlan& p, const float* x, const W* w, int length, float* y) {
  SampleBlock block;
  constexpr int kRows = SampleBlock::kRows;
  const auto out = static_cast<std::size_t>(p.out);
  const std::ptrdiff_t in = p.in;
  for (int first = 0; first < p.batch; first += SampleBlock::kSamples, x += SampleBlock::kSamples * in) {
    block.samples = std::min(SampleBlock::kSamples, p.batch - first);
    const auto most = static_cast<std::size_t>(SampleBlock::kSums / block.samples / 64 * 64);
    for (std::size_t n = 0; n < out; n += most) {
      block.columns = std::min(most, out - n);
      std::fill_n(block.sums, static_cast<std::size_t>(block.samples) * block.columns, 0.0f);
      const W* rows = w + n;
      int k = 0;
      for (; k + kRows <= length; k += kRows, rows += kRows * out)
        AddRowsToSamples<How, kRows>(block, x + k, in, rows, out);
      for (; k < length; ++k, rows += out) AddRowsToSamples<How, 1>(block, x + k, in, rows, out);
      for (int i = 0; i < block.samples; ++i)
        std::copy_n(block.sums + static_cast<std::size_t>(i) * block.columns, block.columns,
                    y + static_cast<std::size_t>(first + i) * out + n);
    }
  }
}
template <class W>
HWY_ATTR void MultiplySamples(RowReading how, const GemmPlan& p, const float* x, const W* w, int length, float* y) {
  if (how == RowReading::near) return MultiplySamples<SamplesNear>(p, x, w, length, y);
  MultiplySamples<SamplesFar>(p, x, w, length, y);
}

}  // namespace lineament::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
