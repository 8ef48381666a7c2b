#include "lineament/buffer.hpp"

#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#include "platform/platform.hpp"

namespace lineament {

void* allocate_aligned(std::size_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes > std::numeric_limits<std::size_t>::max() - kAlignment) throw std::bad_alloc();
  // As many huge pages as are filled: the rest of another would be memory for nothing.
  const std::size_t huge = bytes / platform::kHugePage * platform::kHugePage;
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = platform::allocate(bytes, huge > 0 ? platform::kHugePage : kAlignment);
  if (memory == nullptr) throw std::bad_alloc();
  platform::advise_huge_pages(memory, huge);
  std::memset(memory, 0, bytes);
  return memory;
}

void free_aligned(void* memory) noexcept {
  std::free(memory);
}

}  // namespace lineament
