#include "lineament/threads.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "lineament/error.hpp"

namespace lineament {
namespace {

// The layers of a network follow each other within microseconds: a worker that slept between them would wake too late.
// Nobody has looked for the best: any time of that order will do, most layers take less (docs/decisions/010).
constexpr auto kSpin = std::chrono::microseconds(100);

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");  // the processor's: to its other threads, without asking the system
#else
  std::this_thread::yield();
#endif
}

/// The number of threads meant by `count`.
std::size_t checked(int count) {
  if (count < 0 || count > Threads::kMost)
    throw ArgumentError({"threads", "the number is out of range",
                         "1 to " + std::to_string(Threads::kMost) + ", or 0: one for each core", std::to_string(count),
                         ""});
  return count > 0 ? static_cast<std::size_t>(count) : std::max(1u, std::thread::hardware_concurrency());
}

/// How long it waits for the others before it looks for tasks they have not begun: twice what a meeting of two threads
/// takes (docs/decisions/010). Nobody has looked for the best.
constexpr auto kPatience = std::chrono::microseconds(2);

/// Waits until `done()`, not sleeping, for at most this long; true when it is.
template <class Done>
bool wait_until(std::chrono::nanoseconds most, Done done) {
  for (int i = 0; i < 64; ++i) {
    if (done()) return true;
    pause();
  }
  const auto end = std::chrono::steady_clock::now() + most;
  while (!done()) {
    for (int i = 0; i < 16; ++i) pause();
    if (std::chrono::steady_clock::now() > end) return done();
  }
  return true;
}

}  // namespace

Threads::Threads(int count) : shares_(checked(count)) {
  count = static_cast<int>(shares_.size());
  workers_.reserve(static_cast<std::size_t>(count - 1));
  try {
    for (int thread = 1; thread < count; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error& e) {
    const std::size_t started = workers_.size() + 1;
    stop();  // they wait for members that are about to go
    throw ArgumentError({"threads", "they cannot all be started", std::to_string(count),
                         std::to_string(started) + " (" + e.code().message() + ")",
                         "use fewer threads, or raise the limit on processes (ulimit -u)"});
  }
}

Threads::~Threads() {
  stop();
}

void Threads::stop() {
  {
    const std::lock_guard lock(mutex_);
    round_.stop = true;
    ++round_.number;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Threads::run_erased(int tasks, Function function, void* context) {
  if (round_.busy.exchange(true, std::memory_order_acquire))
    throw ArgumentError({"threads", "the team is at work", "one run() at a time, and none within another", "two",
                         "use a team of its own"});
  round_.tasks = tasks;
  round_.function = function;
  round_.context = context;
  round_.failed.store(tasks, std::memory_order_relaxed);
  std::uint32_t round;
  {
    const std::lock_guard lock(mutex_);  // so that no worker misses the change between its check and its sleep
    round = round_.number.fetch_add(1, std::memory_order_release) + 1;
  }
  wake_.notify_all();
  take_share(round, 0, 0);
  const auto done = [&] { return others_are_done(round); };
  if (!wait_until(kPatience, done)) help(round, 0);
  // Every worker must have left the round before its variables may change.
  while (!wait_until(kSpin, done)) std::this_thread::yield();
  const bool failed = round_.failed.load(std::memory_order_relaxed) < tasks;
  const std::exception_ptr error = failed ? std::exchange(error_, nullptr) : nullptr;
  round_.busy.store(false, std::memory_order_release);
  if (error) std::rethrow_exception(error);
}

bool Threads::others_are_done(std::uint32_t round) const {
  for (std::size_t i = 1; i < shares_.size(); ++i)
    if (shares_[i].finished.load(std::memory_order_acquire) != round) return false;
  return true;
}

void Threads::take_share(std::uint32_t round, int number, int thread) {
  const auto i = static_cast<std::ptrdiff_t>(number), count = static_cast<std::ptrdiff_t>(shares_.size());
  const int begin = static_cast<int>(i * round_.tasks / count), end = static_cast<int>((i + 1) * round_.tasks / count);
  std::atomic<std::uint64_t>& taken = shares_[static_cast<std::size_t>(number)].taken;
  std::uint64_t seen = taken.load(std::memory_order_relaxed);
  for (;;) {
    const bool fresh = static_cast<std::uint32_t>(seen >> 32) != round;
    const int task = begin + (fresh ? 0 : static_cast<int>(seen & 0xFFFFFFFFu));
    if (task >= end) {
      // Never of a round so long ago that its number has come round.
      if (fresh && number == thread) taken.store(std::uint64_t{round} << 32, std::memory_order_relaxed);
      return;
    }
    const std::uint64_t mine = std::uint64_t{round} << 32 | static_cast<std::uint32_t>(task - begin + 1);
    if (!taken.compare_exchange_weak(seen, mine, std::memory_order_relaxed)) continue;
    call(task, thread);
    seen = mine;
  }
}

void Threads::call(int task, int thread) {
  if (task > round_.failed.load(std::memory_order_relaxed)) return;
  try {
    round_.function(round_.context, task, thread);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (task > round_.failed.load(std::memory_order_relaxed)) return;
    round_.failed.store(task, std::memory_order_relaxed);
    error_ = std::current_exception();
  }
}

void Threads::help(std::uint32_t round, int thread) {
  for (int i = 1; i < count(); ++i) take_share(round, (thread + i) % count(), thread);
}

void Threads::work(int thread) {
  for (std::uint32_t seen = 0;;) {
    const auto changed = [&] { return round_.number.load(std::memory_order_acquire) != seen; };
    if (!wait_until(kSpin, changed)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, changed);
    }
    seen = round_.number.load(std::memory_order_acquire);
    if (round_.stop) return;
    take_share(seen, thread, thread);
    // With a task each there is only the first thread's, which has begun it, and a look takes its cache line away.
    if (round_.tasks > count()) help(seen, thread);
    shares_[static_cast<std::size_t>(thread)].finished.store(seen, std::memory_order_release);
  }
}

}  // namespace lineament
