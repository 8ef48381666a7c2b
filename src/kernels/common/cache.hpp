// The second-level cache of the machine at hand: how much kernels take at a time depends on it.
#pragma once
#include <cstddef>

namespace lineament {

/// Bytes of one core's, as the system tells it, at least 256 KB and at most 2 MB; 1 MB where nobody knows. The
/// environment variable LINEAMENT_CACHE, in KB, says otherwise.
std::size_t second_level_cache();
/// For tests: another size from now on; 0: as at first. Not while a session runs, nor for one made before.
void force_second_level_cache(std::size_t bytes);

inline int quarters_of_cache(int quarters) {
  return static_cast<int>(second_level_cache() / 4) * quarters;
}

}  // namespace lineament
