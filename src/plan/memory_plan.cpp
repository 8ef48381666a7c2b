#include "plan/memory_plan.hpp"

#include <algorithm>

namespace lineament {

MemoryPlan::Id MemoryPlan::add(std::size_t bytes, int begin, int end, bool by_rows) {
  buffers_.push_back({{bytes, begin, end}, by_rows, 0});
  return buffers_.size() - 1;
}

void MemoryPlan::extend(Id id, int time) {
  Lifetime& l = buffers_[id].lifetime;
  l.begin = std::min(l.begin, time);
  l.end = std::max(l.end, time);
}

/// Plans one of the two arenas; returns its size.
std::size_t MemoryPlan::place(bool by_rows) {
  std::vector<Lifetime> lifetimes;
  std::vector<Entry*> entries;
  for (Entry& e : buffers_)
    if (e.by_rows == by_rows) {
      lifetimes.push_back(e.lifetime);
      entries.push_back(&e);
    }
  const Arena arena = plan_arena(lifetimes);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i]->offset = arena.offsets[i];
  return arena.size;
}

void MemoryPlan::commit(int copies) {
  bytes_ = Buffer<std::byte>(place(false));
  copy_size_ = place(true);
  by_rows_ = Buffer<std::byte>(copy_size_ * static_cast<std::size_t>(copies));
}

}  // namespace lineament
