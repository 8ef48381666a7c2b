// Smoothing a frame allocates nothing: this file replaces malloc, where `operator new` ends, by one that counts.
#include <atomic>
#include <cstdlib>
#include <vector>

#include "catch.hpp"
#include "lineament/track/smoothing.hpp"

// Sanitizers replace malloc themselves; other C libraries offer no second name for theirs.
#if defined(__GLIBC__) && !LINEAMENT_SANITIZED

namespace {
std::atomic<long> allocations{0};
}

extern "C" {
void* __libc_malloc(std::size_t) noexcept;

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
}

TEST_CASE("no frame but the first allocates") {
  using namespace lineament;
  Landmarks points;
  for (int i = 0; i < 68; ++i) points.push_back({static_cast<float>(i % 9), static_cast<float>(i % 13)});
  const std::vector<float> spread(points.size(), 1);
  FaceSmoother smoother;
  long before = allocations;
  smoother.next(points, spread, 0, points);
  CHECK(allocations > before);  // it counts
  before = allocations;
  for (int i = 1; i < 50; ++i) {
    points[static_cast<std::size_t>(i)].x += 1;
    smoother.next(points, spread, i / 25.0, points);
  }
  const long after = allocations;
  CHECK(after == before);
}

#endif
