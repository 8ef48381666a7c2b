#include "lineament/graph/arena.hpp"

#include <algorithm>
#include <numeric>

#include "lineament/tensor/buffer.hpp"

namespace lineament {

Arena plan_arena(std::span<const Lifetime> lifetimes) {
  const auto rounded = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lifetimes[a].size > lifetimes[b].size; });

  Arena arena;
  arena.offsets.resize(lifetimes.size());
  struct Range {
    std::size_t begin, end;
  };
  std::vector<Range> taken;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Lifetime& wanted = lifetimes[order[i]];
    taken.clear();
    for (std::size_t j = 0; j < i; ++j) {
      const Lifetime& other = lifetimes[order[j]];
      if (other.begin > wanted.end || other.end < wanted.begin) continue;
      taken.push_back({arena.offsets[order[j]], arena.offsets[order[j]] + rounded(other.size)});
    }
    std::sort(taken.begin(), taken.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::size_t offset = 0;
    for (const Range& range : taken) {
      if (offset + rounded(wanted.size) <= range.begin) break;
      offset = std::max(offset, range.end);
    }
    arena.offsets[order[i]] = offset;
    arena.size = std::max(arena.size, offset + rounded(wanted.size));
  }
  return arena;
}

}  // namespace lineament
