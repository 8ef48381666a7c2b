// How a dense layer of one sample reads its weights. Inputs that are zero need no rows of weights, but leaving rows out
// takes the processor's own prefetching away: which of the two is worth more depends on processor, caches and size. So
// the first passes over a layer try each way in turn, and the fastest stays. All of them give the same bits.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>

namespace lineament {

enum class RowReading {
  present,      ///< rows of inputs that are not zero, the next ones prefetched into the first-level cache
  present_far,  ///< the same, prefetched earlier, into the second-level cache
  every,        ///< all rows in the order they lie in
};
inline constexpr int kRowReadings = 3;

/// One pass over a layer's weights: says how to read them, and keeps the time as long as there is no choice yet. Layers
/// of about the same size share a choice. Weights that fit into the second-level cache are read the first way.
class RowReadingPass {
 public:
  RowReadingPass(std::size_t weight_bytes, int threads);
  ~RowReadingPass();
  RowReadingPass(const RowReadingPass&) = delete;
  RowReadingPass& operator=(const RowReadingPass&) = delete;

  RowReading how() const { return how_; }

 private:
  struct Trials;
  static Trials& trials_of(std::size_t weight_bytes, int threads);

  Trials* trials_ = nullptr;  ///< only while there is no choice
  int pass_ = 0;
  RowReading how_ = RowReading::present;
  std::chrono::steady_clock::time_point begin_;
};

/// Passes over a layer until there is a choice.
inline constexpr int kRowReadingTrials = 24;
/// For tests: this way from now on; nullopt: by trial, as at first.
void force_row_reading(std::optional<RowReading> how);

}  // namespace lineament
