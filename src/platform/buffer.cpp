#include "lineament/buffer.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace lineament {

void* allocate_aligned(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  // A first touch costs a page fault for every 4 KB, or for every 2 MB where the kernel may use huge pages: as many of
  // them as are filled, the rest would be memory for nothing.
  constexpr std::size_t kHugePage = std::size_t{1} << 21;
  const std::size_t huge = bytes / kHugePage * kHugePage;
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = nullptr;
  if (::posix_memalign(&memory, huge > 0 ? kHugePage : kAlignment, bytes) != 0) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (huge > 0) ::madvise(memory, huge, MADV_HUGEPAGE);  // advice only: refusal changes nothing
#endif
  std::memset(memory, 0, bytes);
  return memory;
}

void free_aligned(void* memory) noexcept {
  std::free(memory);
}

}  // namespace lineament
