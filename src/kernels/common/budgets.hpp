// How much a kernel takes at a time. Tuned on one core of an AMD Zen 5 (first-level cache 48 KB, second-level 1 MB,
// AVX-512): a processor with smaller caches wants smaller ones. Those marked "bits" also cut sums into parts: another
// value is another order of the same additions, and so other last digits.
#pragma once
#include <cstddef>

namespace lineament {

// Bytes that stay in the second-level cache.
inline constexpr int kDirectStrip = 256 * 1024;             ///< input and output of a strip of rows: direct
inline constexpr int kDirectGradientStrip = 640 * 1024;     ///< both, their gradients; bits
inline constexpr int kWinogradTiles = 768 * 1024;           ///< the transforms of a task's tiles, in and out
inline constexpr int kWinogradGradientTiles = 1200 * 1024;  ///< the same of the gradients; bits
inline constexpr int kPointwiseRun = 256 * 1024;            ///< input and output of a run of pixels: 1x1
inline constexpr int kShortStrip = 256 * 1024;              ///< of a strip or run in int8 or bfloat16, in words

/// Bytes of the sums of all parts of a batch, in the third-level cache; bits.
inline constexpr std::size_t kPartSums = std::size_t{20} << 20;

// Pixels.
/// That 1x1 convolutions take where they normalise or round them first, and in the backward pass: whole tiles, and few
/// enough for the first-level cache to hold two vectors of each; bits.
inline constexpr std::size_t kPixelRun = 96;
inline constexpr int kFewPixels = 96;            ///< int8, bfloat16: with fewer, threads share out columns instead
inline constexpr int kWindowPixels = 32;         ///< im2col: with more, Winograd is as fast
inline constexpr std::size_t kNormPixels = 128;  ///< whose sums a batch norm keeps in float; bits
inline constexpr int kDepthwiseRows = 16;        ///< rows of an image, where something is made of them first; bits
inline constexpr int kSlopePixels = 4096;        ///< whose gradients of slopes are summed up together; bits

// Inputs of a matrix product (gemm, bf16_weights).
inline constexpr int kInputPart = 512;      ///< whose products are summed up together, at least; bits
inline constexpr int kWidenedRows = 64;     ///< of bfloat16 weights that become floats at a time: first-level cache
inline constexpr int kTransposedRows = 64;  ///< of the weights that are transposed at a time for the data gradient
inline constexpr int kGradientRows = 768;   ///< of the weights whose gradients are a task

/// Values of a task where a kernel makes one pass over memory.
inline constexpr std::size_t kPassValues = std::size_t{1} << 14;

}  // namespace lineament
