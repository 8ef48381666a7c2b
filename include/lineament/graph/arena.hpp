// Memory from lifetimes: buffers that are never needed at the same time share the same place.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace lineament {

/// `size` bytes needed from step `begin` to step `end`, both included.
struct Lifetime {
  std::size_t size = 0;
  int begin = 0, end = 0;
};

struct Arena {
  std::vector<std::size_t> offsets;  ///< one for each lifetime, multiples of kAlignment
  std::size_t size = 0;
};

/// Places the largest buffers first, each at the lowest offset where nothing that lives at the same time lies
/// ("greedy by size": Pisarchyk & Lee, "Efficient memory management for deep neural net inference", 2020).
Arena plan_arena(std::span<const Lifetime> lifetimes);

}  // namespace lineament
