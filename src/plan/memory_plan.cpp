#include "plan/memory_plan.hpp"

#include <algorithm>

namespace lineament {

MemoryPlan::Id MemoryPlan::add(std::size_t bytes, int begin, int end, bool per_thread) {
  buffers_.push_back({{bytes, begin, end}, per_thread, 0});
  return buffers_.size() - 1;
}

void MemoryPlan::extend(Id id, int time) {
  Lifetime& l = buffers_[id].lifetime;
  l.begin = std::min(l.begin, time);
  l.end = std::max(l.end, time);
}

/// Plans one of the two arenas; returns its size.
std::size_t MemoryPlan::place(bool per_thread, bool share) {
  std::vector<Lifetime> lifetimes;
  std::vector<Entry*> entries;
  for (Entry& e : buffers_)
    if (e.per_thread == per_thread) {
      lifetimes.push_back(share ? e.lifetime : Lifetime{e.lifetime.size, 0, 0});
      entries.push_back(&e);
    }
  const Arena arena = plan_arena(lifetimes);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i]->offset = arena.offsets[i];
  return arena.size;
}

void MemoryPlan::commit(int threads, bool share) {
  shared_ = Buffer<std::byte>(place(false, share));
  own_size_ = place(true, share);
  own_ = Buffer<std::byte>(own_size_ * static_cast<std::size_t>(threads));
}

}  // namespace lineament
