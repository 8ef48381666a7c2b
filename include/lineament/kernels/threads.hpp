// A team of threads for one session. Work is cut into numbered tasks by the caller, never by the number of threads, so
// that results do not depend on it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace lineament {

class Threads {
 public:
  /// `count` >= 1 threads, the caller's among them; 0 means one for each core.
  explicit Threads(int count = 1);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls f(task, thread) for every task in 0 … tasks-1, thread in 0 … count()-1, and returns when all are done.
  /// Allocates nothing. `f` must not throw. A thread begins with its own run of neighbouring tasks, the same share in
  /// every call, so that it finds in its cache what it wrote there in the call before; then it helps the others.
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
  void take_tasks(int thread);
  void take_share(int share, int thread);

  /// What is left of one thread's share of the tasks. A cache line of its own: others seldom look.
  struct alignas(64) Share {
    std::atomic<int> next{0};
    int end = 0;
  };

  std::vector<std::thread> workers_;
  std::vector<Share> shares_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<std::uint64_t> round_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false};
  Function function_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace lineament
