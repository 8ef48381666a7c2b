#include "lineament/kernels/threads.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <chrono>

namespace lineament {
namespace {

// The layers of a network follow each other within microseconds: a worker that slept between them would wake too late.
constexpr auto kSpin = std::chrono::microseconds(100);

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits until `done()` for at most kSpin; true when it is.
template <class Done>
bool spin_until(Done done) {
  for (int i = 0; i < 64; ++i) {
    if (done()) return true;
    pause();
  }
  const auto end = std::chrono::steady_clock::now() + kSpin;
  while (!done()) {
    for (int i = 0; i < 16; ++i) pause();
    if (std::chrono::steady_clock::now() > end) return done();
  }
  return true;
}

}  // namespace

Threads::Threads(int count)
    : shares_(static_cast<std::size_t>(
          count > 0 ? count : static_cast<int>(std::max(1u, std::thread::hardware_concurrency())))) {
  count = static_cast<int>(shares_.size());
  workers_.reserve(static_cast<std::size_t>(count - 1));
  for (int thread = 1; thread < count; ++thread) workers_.emplace_back([this, thread] { work(thread); });
}

Threads::~Threads() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    ++round_;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Threads::run_erased(int tasks, Function function, void* context) {
  function_ = function;
  context_ = context;
  const auto count = static_cast<std::ptrdiff_t>(shares_.size());
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    Share& share = shares_[static_cast<std::size_t>(i)];
    share.next.store(static_cast<int>(i * tasks / count), std::memory_order_relaxed);
    share.end = static_cast<int>((i + 1) * tasks / count);
  }
  busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);  // so that no worker misses the change between its check and its sleep
    round_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  take_tasks(0);
  // Every worker must have left the round before its variables may change.
  while (!spin_until([this] { return busy_.load(std::memory_order_acquire) == 0; })) std::this_thread::yield();
}

void Threads::take_tasks(int thread) {
  for (int i = 0; i < count(); ++i) take_share((thread + i) % count(), thread);
}

void Threads::take_share(int number, int thread) {
  Share& share = shares_[static_cast<std::size_t>(number)];
  // Looked at before it is taken: most shares are empty when others come to help.
  while (share.next.load(std::memory_order_relaxed) < share.end) {
    const int task = share.next.fetch_add(1, std::memory_order_relaxed);
    if (task < share.end) function_(context_, task, thread);
  }
}

void Threads::work(int thread) {
  for (std::uint64_t seen = 0;;) {
    const auto changed = [&] { return round_.load(std::memory_order_acquire) != seen; };
    if (!spin_until(changed)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, changed);
    }
    seen = round_.load(std::memory_order_acquire);
    if (stop_) return;
    take_tasks(thread);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace lineament
