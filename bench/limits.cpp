// Question: what can one core do here at most? GFLOP/s of multiply-adds in registers, and GB/s at which it reads what
// fits the second-level cache, the third-level cache, and neither. As JSON, for tools/profile.
#include "limits.hpp"

#include <cstdio>

using namespace lineament;

int main() {
  constexpr std::size_t kMega = 1 << 20;
  std::printf("{\"gflops\": %.0f, \"read_half_mb\": %.0f, \"read_16_mb\": %.0f, \"read_256_mb\": %.1f}\n",
              peak_gflops(), read_gbytes(kMega / 2), read_gbytes(16 * kMega), read_gbytes(256 * kMega));
}
