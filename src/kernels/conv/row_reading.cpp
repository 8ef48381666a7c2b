#include "kernels/conv/row_reading.hpp"

#include <atomic>
#include <cstdint>
#include <limits>

#include "kernels/common/budgets.hpp"

namespace lineament {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
std::atomic<int> forced = -1;

/// Not 0, which is a free place. Two layers with one key would share a choice, which costs time at most.
std::uint64_t key_of(const RowReadingLayer& layer) {
  std::uint64_t key = 0;
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(layer.batch), static_cast<std::uint64_t>(layer.rows),
        static_cast<std::uint64_t>(layer.columns), static_cast<std::uint64_t>(layer.weight_bytes),
        static_cast<std::uint64_t>(layer.threads > 1)}) {
    key = (key ^ part) * 0x9e3779b97f4a7c15u;
    key ^= key >> 32;
  }
  return key == 0 ? 1 : key;
}

}  // namespace

std::size_t RowReadingLayer::bytes() const {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) * weight_bytes;
}

struct RowReadingPass::Trials {
  std::atomic<std::uint64_t> key = 0;
  std::atomic<int> passes = 0, chosen = -1;
  std::atomic<std::int64_t> fastest[kSampleReadings] = {kNever, kNever, kNever};  ///< nanoseconds, by RowReading

  /// Passes of several threads may end after the last one: the first choice stays.
  void choose() {
    int best = 0, none = -1;
    for (int how = 1; how < kSampleReadings; ++how)
      if (fastest[how] < fastest[best]) best = how;
    chosen.compare_exchange_strong(none, best);
  }
};

RowReadingPass::Trials& RowReadingPass::trials_of(const RowReadingLayer& layer) {
  static Trials all[kMostRowReadingLayers];
  const std::uint64_t key = key_of(layer);
  for (int i = 0; i < kMostRowReadingLayers; ++i) {
    Trials& trials = all[(key + static_cast<std::uint64_t>(i)) % kMostRowReadingLayers];
    std::uint64_t found = trials.key.load(std::memory_order_relaxed);
    if (found == 0 && trials.key.compare_exchange_strong(found, key, std::memory_order_relaxed)) return trials;
    if (found == key) return trials;
  }
  return all[key % kMostRowReadingLayers];  // all places are taken
}

RowReadingPass::RowReadingPass(const std::optional<RowReadingLayer>& layer) {
  if (!layer) return;
  if (const int how = forced.load(std::memory_order_relaxed); how >= 0) {
    how_ = static_cast<RowReading>(how);
    return;
  }
  if (layer->bytes() <= cached_gemm_weights()) return;
  Trials& trials = trials_of(*layer);
  if (const int chosen = trials.chosen.load(std::memory_order_relaxed); chosen >= 0) {
    how_ = static_cast<RowReading>(chosen);
    return;
  }
  trials_ = &trials;
  pass_ = trials.passes.fetch_add(1, std::memory_order_relaxed);
  last_ = pass_ + 1 >= layer->trials();
  how_ = static_cast<RowReading>(pass_ / 2 % layer->ways);
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
  if (last_) trials_->choose();
}

void force_row_reading(std::optional<RowReading> how) {
  forced = how ? static_cast<int>(*how) : -1;
}

}  // namespace lineament
