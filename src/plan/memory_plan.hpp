// The memory of a part of a graph: buffers with lifetimes, put into one arena.
#pragma once
#include <span>
#include <vector>

#include "lineament/buffer.hpp"
#include "plan/arena.hpp"

namespace lineament {

/// Adds buffers with lifetimes up and, once the arena is planned, says where they are.
class MemoryPlan {
 public:
  using Id = std::size_t;
  /// `by_rows`: every thread writes rows of its own, into a copy of its own. They lie in an arena apart, of which there
  /// are as many as threads: cores then do not take cache lines away from each other.
  Id add(std::size_t bytes, int begin, int end, bool by_rows = false);
  void extend(Id id, int time);
  void commit(int copies);
  std::size_t size() const { return bytes_.size() + by_rows_.size(); }
  bool by_rows(Id id) const { return buffers_[id].by_rows; }

  /// Empty, at nullptr, for a buffer of no bytes: kernels ask the pointer whether there is something to write.
  template <class T>
  std::span<T> get(Id id, int copy = 0) {
    const Entry& e = buffers_[id];
    if (e.lifetime.size == 0) return {};
    std::byte* arena = e.by_rows ? by_rows_.data() + static_cast<std::size_t>(copy) * copy_size_ : bytes_.data();
    return {reinterpret_cast<T*>(arena + e.offset), e.lifetime.size / sizeof(T)};
  }

 private:
  struct Entry {
    Lifetime lifetime;
    bool by_rows = false;
    std::size_t offset = 0;
  };
  std::size_t place(bool by_rows);

  std::vector<Entry> buffers_;
  std::size_t copy_size_ = 0;
  Buffer<std::byte> bytes_, by_rows_;
};

}  // namespace lineament
