// Calls that other ranks take part in, one after the other, on a thread of their own: a pass goes on meanwhile.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace lineament {

class CallsInOrder {
 public:
  /// Without a thread every call is made where it is posted.
  explicit CallsInOrder(bool own_thread) {
    if (own_thread) thread_ = std::thread([this] { work(); });
  }
  ~CallsInOrder() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  CallsInOrder(const CallsInOrder&) = delete;
  CallsInOrder& operator=(const CallsInOrder&) = delete;

  void post(std::function<void()> call) {
    if (!thread_.joinable()) return call();
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(std::move(call));
    }
    wake_.notify_all();
  }

  /// Returns when all that was posted is done. Throws what the first call to fail threw; none after it was made.
  void wait() {
    if (!thread_.joinable()) return;
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return none_left() && !busy_; });
    if (error_) std::rethrow_exception(error_);
  }

 private:
  bool none_left() const { return next_ == calls_.size(); }

  std::function<void()> take() {
    std::function<void()> call = std::move(calls_[next_++]);
    if (none_left()) calls_.clear(), next_ = 0;
    return call;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stop_ || !none_left(); });
      if (stop_) return;
      const std::function<void()> call = take();
      if (error_) {
        wake_.notify_all();
        continue;
      }
      busy_ = true;
      lock.unlock();
      std::exception_ptr error;
      try {
        call();
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      busy_ = false;
      error_ = error;
      wake_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> calls_;  ///< from next_ on; a deque would allocate again and again
  std::size_t next_ = 0;
  std::exception_ptr error_;
  bool busy_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace lineament
