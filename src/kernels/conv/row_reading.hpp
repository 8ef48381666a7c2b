// How a dense layer reads its weights. Sample by sample (one sample, with bfloat16 weights up to three) inputs that are
// zero need no rows of weights, but leaving rows out takes the processor's own prefetching away; and how early to
// prefetch into which cache differs from processor to processor, too. So the first passes over a layer try each way in
// turn, and the fastest stays. With finite weights all of them give the same bits.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>

namespace lineament {

enum class RowReading {
  near,   ///< the next rows prefetched into the first-level cache; sample by sample, rows of zeros left out
  far,    ///< the same, prefetched earlier, into the second-level cache
  every,  ///< sample by sample alone: all rows in the order they lie in
};
inline constexpr int kSampleReadings = 3;  ///< ways to read rows sample by sample
inline constexpr int kBatchReadings = 2;   ///< ways to read them once for several samples

/// What a choice is kept for: layers that are alike share it, whatever network they are in.
struct RowReadingLayer {
  int ways;  ///< kSampleReadings or kBatchReadings, from the first one on
  int batch, rows, columns;
  std::size_t weight_bytes;  ///< of a single weight
  int threads;               ///< one and several have a choice each: several share the way to memory

  std::size_t bytes() const;  ///< of all weights
  /// Passes until there is a choice: pairs of each way. Those of several samples take longer, and differ less.
  int trials() const { return ways * (ways == kSampleReadings ? 8 : 4); }
};

/// One pass over a layer's weights: says how to read them, and keeps the time as long as there is no choice yet.
/// Weights of no more than half the second-level cache (cached_gemm_weights()) stay there and are read the first way.
/// Nothing is allocated: there is room for kMostRowReadingLayers kinds of layers, and those beyond share the choices of
/// others.
class RowReadingPass {
 public:
  /// nullopt: the layer reads in none of these ways.
  explicit RowReadingPass(const std::optional<RowReadingLayer>& layer);
  ~RowReadingPass();
  RowReadingPass(const RowReadingPass&) = delete;
  RowReadingPass& operator=(const RowReadingPass&) = delete;

  RowReading how() const { return how_; }

 private:
  struct Trials;
  static Trials& trials_of(const RowReadingLayer& layer);

  Trials* trials_ = nullptr;  ///< only while there is no choice
  int pass_ = 0;
  bool last_ = false;  ///< of the trials
  RowReading how_ = RowReading::near;
  std::chrono::steady_clock::time_point begin_;
};

inline constexpr int kMostRowReadingLayers = 256;
/// For tests: this way from now on; nullopt: by trial, as at first.
void force_row_reading(std::optional<RowReading> how);

}  // namespace lineament
