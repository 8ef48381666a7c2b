// The memory of a plan: buffers with lifetimes, put into one arena, and into another one for each thread.
#pragma once
#include <span>
#include <vector>

#include "lineament/buffer.hpp"
#include "plan/arena.hpp"

namespace lineament {

/// Collects buffers with lifetimes and, once the arena is planned, says where they are.
class MemoryPlan {
 public:
  using Id = std::size_t;
  struct Entry {
    Lifetime lifetime;
    bool per_thread = false;  ///< in an arena apart, of which every thread has one: no cache line is fought for
    std::size_t offset = 0;
  };

  Id add(std::size_t bytes, int begin, int end, bool per_thread = false);
  void extend(Id id, int time);
  /// Places every buffer and allocates the arenas. Without `share` each has memory of its own.
  void commit(int threads, bool share);
  std::size_t size() const { return shared_.size() + own_.size(); }
  const Entry& entry(Id id) const { return buffers_[id]; }

  /// Empty, at nullptr, for a buffer of no bytes: kernels ask the pointer whether there is something to write.
  template <class T>
  std::span<T> get(Id id, std::size_t thread = 0) {
    const Entry& e = buffers_[id];
    if (e.lifetime.size == 0) return {};
    std::byte* arena = e.per_thread ? own_.data() + thread * own_size_ : shared_.data();
    return {reinterpret_cast<T*>(arena + e.offset), e.lifetime.size / sizeof(T)};
  }

 private:
  std::size_t place(bool per_thread, bool share);

  std::vector<Entry> buffers_;
  std::size_t own_size_ = 0;
  Buffer<std::byte> shared_, own_;
};

}  // namespace lineament
