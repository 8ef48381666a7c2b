#include "kernels/conv/row_reading.hpp"

#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/common/cache.hpp"

namespace lineament {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
std::atomic<int> forced = -1;

}  // namespace

struct RowReadingPass::Trials {
  std::atomic<int> passes = 0, chosen = -1;
  std::atomic<std::int64_t> fastest[kRowReadings] = {kNever, kNever, kNever};  ///< nanoseconds

  void choose() {
    int best = 0;
    for (int how = 1; how < kRowReadings; ++how)
      if (fastest[how] < fastest[best]) best = how;
    chosen = best;
  }
};

/// By the power of two of the size, and whether several threads share the way to memory.
RowReadingPass::Trials& RowReadingPass::trials_of(std::size_t weight_bytes, int threads) {
  static Trials trials[std::numeric_limits<std::size_t>::digits + 1][2];
  return trials[std::bit_width(weight_bytes)][threads > 1];
}

RowReadingPass::RowReadingPass(std::size_t weight_bytes, int threads) {
  if (const int how = forced.load(std::memory_order_relaxed); how >= 0) {
    how_ = static_cast<RowReading>(how);
    return;
  }
  if (weight_bytes <= second_level_cache()) return;
  Trials& trials = trials_of(weight_bytes, threads);
  if (const int chosen = trials.chosen.load(std::memory_order_relaxed); chosen >= 0) {
    how_ = static_cast<RowReading>(chosen);
    return;
  }
  trials_ = &trials;
  pass_ = trials.passes.fetch_add(1, std::memory_order_relaxed);
  how_ = static_cast<RowReading>(pass_ / 2 % kRowReadings);
  begin_ = std::chrono::steady_clock::now();
}

RowReadingPass::~RowReadingPass() {
  if (trials_ == nullptr) return;
  // The second pass of two: it finds the caches as its own way leaves them.
  if (pass_ % 2 == 1) {
    const std::int64_t took = (std::chrono::steady_clock::now() - begin_).count();
    std::atomic<std::int64_t>& fastest = trials_->fastest[static_cast<int>(how_)];
    std::int64_t before = fastest.load(std::memory_order_relaxed);
    while (took < before && !fastest.compare_exchange_weak(before, took, std::memory_order_relaxed)) {
    }
  }
  if (pass_ + 1 >= kRowReadingTrials) trials_->choose();
}

void force_row_reading(std::optional<RowReading> how) {
  forced = how ? static_cast<int>(*how) : -1;
}

}  // namespace lineament
