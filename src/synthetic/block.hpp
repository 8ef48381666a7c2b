// One block of memory for several vectors: what std::pmr::monotonic_buffer_resource is, which libc++ has only since 16.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <new>

namespace lineament::synthetic {

class Block {
 public:
  explicit Block(std::size_t bytes) : begin_(new std::byte[bytes]), free_(begin_.get()), end_(free_ + bytes) {}
  Block(const Block&) = delete;  // vectors keep its address
  Block& operator=(const Block&) = delete;

  /// The next `bytes` bytes; nullptr when they are used up.
  void* take(std::size_t bytes, std::size_t alignment) {
    std::size_t left = static_cast<std::size_t>(end_ - free_);
    void* place = free_;
    if (std::align(alignment, bytes, place, left) == nullptr) return nullptr;
    free_ = static_cast<std::byte*>(place) + bytes;
    return place;
  }
  bool holds(const void* place) const {
    const auto* p = static_cast<const std::byte*>(place);
    const std::less<const std::byte*> before;
    return !before(p, begin_.get()) && before(p, end_);
  }

 private:
  std::unique_ptr<std::byte[]> begin_;
  std::byte *free_, *end_;
};

/// For vectors: from the block while it lasts. The block outlives them, and takes nothing back.
template <class T>
struct FromBlock {
  using value_type = T;

  explicit FromBlock(Block& from) : block(&from) {}
  template <class U>
  FromBlock(const FromBlock<U>& other) : block(other.block) {}

  T* allocate(std::size_t n) {
    void* place = block->take(n * sizeof(T), alignof(T));
    return static_cast<T*>(place != nullptr ? place : ::operator new(n * sizeof(T)));
  }
  void deallocate(T* place, std::size_t) {
    if (!block->holds(place)) ::operator delete(place);
  }
  template <class U>
  bool operator==(const FromBlock<U>& other) const {
    return block == other.block;
  }

  Block* block;
};

}  // namespace lineament::synthetic
