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

/// The smallest of four plans, or the first that is as small as the bytes alive at the fullest step, below which none
/// can be: buffers taken by size ("greedy by size": Pisarchyk & Lee, "Efficient memory management for deep neural net
/// inference", 2020) or by their beginning, each put at the lowest free offset, or at the lowest and the highest in
/// turns (the best for a chain).
Arena plan_arena(std::span<const Lifetime> lifetimes);

}  // namespace lineament
