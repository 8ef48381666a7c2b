// How a dense layer reads its weights. With one sample (bfloat16 weights: with a few) inputs that are zero need no rows
// of weights, but leaving rows out takes the processor's own prefetching away; and how early to prefetch into which
// cache differs from processor to processor, too. So the first passes over a layer try each way in turn, and the
// fastest stays. With finite weights all of them give the same bits.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>

namespace lineament {

enum class RowReading {
  near,   ///< with one sample rows of inputs that are not zero; the next ones prefetched into the first-level cache
  far,    ///< the same, prefetched earlier, into the second-level cache
  every,  ///< for one sample: all rows in the order they lie in
};

/// A dense layer to its readings: layers that are alike share a choice, whatever network they are in.
struct RowReadingLayer {
  int ways;  ///< so many of RowReading, from the first one on
  int batch, rows, columns;
  std::size_t weight_bytes;  ///< of a single weight
  int threads;               ///< several share the way to memory, so they have a choice of their own

  std::size_t bytes() const;  ///< of all weights
};

/// One pass over a layer's weights: says how to read them, and keeps the time as long as there is no choice yet.
/// Weights that fit into the second-level cache are read the first way, and so are those of layers beyond the first
/// kMostRowReadingLayer kinds that a process runs. Nothing is allocated.
class RowReadingPass {
 public:
  explicit RowReadingPass(
      const std::optional<RowReadingLayer>& layer);  ///< nullopt: the layer reads in none of these ways
  ~RowReadingPass();
  RowReadingPass(const RowReadingPass&) = delete;
  RowReadingPass& operator=(const RowReadingPass&) = delete;

  RowReading how() const { return how_; }

 private:
  struct Trials;
  static Trials* trials_of(const RowReadingLayer& layer);

  Trials* trials_ = nullptr;  ///< only while there is no choice
  int pass_ = 0;
  RowReading how_ = RowReading::near;
  std::chrono::steady_clock::time_point begin_;
};

/// Passes over a layer until there is a choice: a multiple of two passes of each way.
inline constexpr int kRowReadingTrials = 24;
inline constexpr int kMostRowReadingLayer = 256;
/// For tests: this way from now on; nullopt: by trial, as at first.
void force_row_reading(std::optional<RowReading> how);

}  // namespace lineament
