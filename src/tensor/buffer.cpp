#include "lineament/tensor/buffer.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace lineament {

void* allocate_aligned(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  // A first touch costs a page fault for every 4 KB, or for every 2 MB where the kernel may use huge pages.
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage) ::madvise(memory, rounded, MADV_HUGEPAGE);  // advice only: refusal changes nothing
#endif
  std::memset(memory, 0, rounded);
  return memory;
}

void free_aligned(void* memory) noexcept { std::free(memory); }

}  // namespace lineament
