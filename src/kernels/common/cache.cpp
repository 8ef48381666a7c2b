#include "kernels/common/cache.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "platform/platform.hpp"

namespace lineament {
namespace {

constexpr std::size_t kKb = 1024;
constexpr std::size_t kUsual = 1024 * kKb;  ///< where nobody knows
// why: smaller ones belong to processors whose next level is about as near; what is left of larger ones is better used
// by what other kernels keep there.
constexpr std::size_t kLeast = 256 * kKb, kMost = 2048 * kKb;

std::size_t told() {
  if (const char* given = std::getenv("LINEAMENT_CACHE"); given != nullptr && std::atol(given) > 0)
    return static_cast<std::size_t>(std::atol(given)) * kKb;
  const std::size_t size = platform::second_level_cache();
  return size > 0 ? size : kUsual;
}

std::atomic<std::size_t> forced = 0;

}  // namespace

std::size_t second_level_cache() {
  static const std::size_t size = std::clamp(told(), kLeast, kMost);
  const std::size_t other = forced.load(std::memory_order_relaxed);
  return other > 0 ? other : size;
}

void force_second_level_cache(std::size_t bytes) {
  forced = bytes > 0 ? std::clamp(bytes, kLeast, kMost) : 0;
}

}  // namespace lineament
