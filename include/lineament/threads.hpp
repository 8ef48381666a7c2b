// A team of threads for one session. Work is cut into numbered tasks by the caller. Sums are never cut by the number of
// threads, so that results do not depend on it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

class Threads {
 public:
  static constexpr int kMost = 4096;

  /// `count` threads, 1 to kMost, the caller's among them; 0 means one for each core. Throws ArgumentError for another
  /// number, and where the system does not start as many.
  explicit Threads(int count = 1);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls f(task, thread) for every task in 0 … tasks-1, thread in 0 … count()-1, and returns when all are done.
  /// Allocates nothing. Where `f` throws, tasks before that one are done all the same, of those after it what was not
  /// begun is left out, and once all threads have stopped the exception of the first such task is thrown here: the same
  /// for any number of threads. A thread begins with its own run of neighbouring tasks, the same share in
  /// every call, so that it finds in its cache what it wrote there in the call before; then it helps those who lag.
  /// One call at a time: throws ArgumentError where it is called within `f` or by two threads at once, but for one task
  /// or a team of one. A process that fork() made has no such threads: it makes teams and sessions of its own.
  template <class F>
  void run(int tasks, F&& f) {
    if (tasks <= 1 || workers_.empty()) {
      for (int task = 0; task < tasks; ++task) f(task, 0);
      return;
    }
    run_erased(
        tasks,
        [](void* context, int task, int thread) { (*static_cast<std::remove_reference_t<F>*>(context))(task, thread); },
        const_cast<void*>(static_cast<const void*>(&f)));
  }

 private:
  using Function = void (*)(void* context, int task, int thread);
  void run_erased(int tasks, Function function, void* context);
  void work(int thread);
  void stop();
  void take_share(std::uint32_t round, int share, int thread);
  void call(int task, int thread);
  void help(std::uint32_t round, int thread);
  bool others_are_done(std::uint32_t round) const;

  // Cache lines of their own, as few of which as possible go from core to core: between cores that share no cache each
  // way takes as long as a thousand multiplications.
  struct Share {
    /// How many tasks of one thread's share were taken (the lower half) in which round: so nobody has to set it back.
    alignas(64) std::atomic<std::uint64_t> taken{0};
    alignas(64) std::atomic<std::uint32_t> finished{0};  ///< the last round that the thread has left
  };
  struct alignas(64) Round {
    std::atomic<std::uint32_t> number{0};
    std::atomic<bool> stop{false}, busy{false};
    int tasks = 0;
    Function function = nullptr;
    void* context = nullptr;
    std::atomic<int> failed{0};  ///< the first task that has thrown; `tasks`: none
  };

  std::vector<std::thread> workers_;
  std::vector<Share> shares_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Round round_;
  std::exception_ptr error_;  ///< of the task round_.failed; guarded by the mutex
};

}  // namespace lineament
