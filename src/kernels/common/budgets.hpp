// How much a kernel takes at a time. Shares of the second-level cache are those of the machine at hand. All else was
// tuned on one core of an AMD Zen 5 (first-level cache 48 KB, second-level 1 MB, AVX-512); what is marked "bits" stays
// the same on every machine, since it also cuts sums into parts: another value is another order of the same additions,
// and so other last digits.
#pragma once
#include <cstddef>

#include "kernels/common/cache.hpp"

namespace lineament {

// Bytes that stay in the second-level cache, of which the quarters were tuned.
inline int direct_strip() {
  return quarters_of_cache(1);
}  ///< input and output of a strip of rows
inline int winograd_tiles() {
  return quarters_of_cache(3);
}  ///< the transforms of a task's tiles, in and out
inline int pointwise_run() {
  return quarters_of_cache(1);
}  ///< input and output of a run of pixels
inline int short_strip() {
  return quarters_of_cache(1);
}  ///< int8, bfloat16, bf16x3: of a strip or run, in words
inline std::size_t cached_gemm_weights() {
  return static_cast<std::size_t>(quarters_of_cache(2));
}  ///< of a dense layer: so many stay, more come from memory
inline constexpr int kDirectGradientStrip = 640 * 1024;     ///< input, output and their gradients; bits
inline constexpr int kWinogradGradientTiles = 1200 * 1024;  ///< the transforms of the gradients; bits
inline constexpr int kWindowsRun = 256 * 1024;              ///< copied windows of a run of pixels; bits
/// Bytes of the sums of all parts of a batch, in the third-level cache; bits.
inline constexpr std::size_t kPartSums = std::size_t{20} << 20;

// Pixels.
/// That 1x1 convolutions take where they normalise or round them first, and in the backward pass: whole tiles, and few
/// enough for the first-level cache to hold two vectors of each; bits.
inline constexpr std::size_t kPixelRun = 96;
inline constexpr int kFewPixels = 96;            ///< int8, bfloat16: with fewer, threads share out columns instead
inline constexpr int kWindowPixels = 32;         ///< im2col: with more, Winograd is as fast
inline constexpr std::size_t kNormPixels = 128;  ///< whose sums a batch norm keeps in float; bits
inline constexpr int kSlopePixels = 4096;  ///< whose gradients with respect to slopes are summed up together; bits
/// Rows of an image that depthwise convolutions take: where something is made of them first (bits), and otherwise.
inline constexpr int kDepthwiseRows = 16, kDepthwiseTask = 8;

// Winograd's tiles: with fewer a task, reading the weights takes longer than the products, and threads share out groups
// of channels, so many at least.
inline constexpr int kEnoughTiles = 12, kTileChannels = 32;
/// Of 6x6 outputs in a batch, with fewer of which tiles are 4x4; and for each part of it that gradients are summed up
/// over, likewise; bits.
inline constexpr int kEnoughLargeTiles = 12, kEnoughGradientTiles = 64;

// Dense layers.
inline constexpr int kInputPart = 512;      ///< inputs whose products are summed up together, at least; bits
inline constexpr int kTransposedRows = 64;  ///< of the weights that are transposed at a time for the input's gradient
inline constexpr int kGradientRows = 768;   ///< of the weights whose gradients are a task
inline constexpr int kFewSamples = 4;       ///< with fewer, bfloat16 weights are read for each by itself

// One pass over memory.
inline constexpr std::size_t kPassValues = std::size_t{1} << 14;  ///< a task
inline constexpr std::size_t kSumValues = 4096;  ///< a task, where parts are added up or few pixels rounded

}  // namespace lineament
