// What a core can do at most, measured at this moment. For programs compiled with -march=native.
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace lineament {

namespace limits {
#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
using Wide = float __attribute__((vector_size(sizeof(float) * kLanes)));  // as wide as a register: no sum is spilled

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
}  // namespace limits

namespace limits {
inline double gflops_once() {
  Wide sum[12] = {};
  const Wide factor = sum[0] + 1.0000001f, term = sum[0] + 1e-9f;
  constexpr int kRounds = 4'000'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 12
    for (Wide& s : sum) s = s * factor + term;
  const double time = seconds_since(start);
  for (Wide& s : sum) benchmark::DoNotOptimize(s);
  return 2.0 * 12 * kLanes * kRounds / time / 1e9;
}
}  // namespace limits

/// GFLOP/s of independent multiply-adds in registers, on one core: the best of five, since whatever disturbs the
/// machine only makes it smaller.
inline double peak_gflops() {
  double best = 0;
  for (int i = 0; i < 5; ++i) best = std::max(best, limits::gflops_once());
  return best;
}

/// GB/s at which one core reads `bytes` again and again, from end to end: those of the cache that holds them, or of
/// memory.
inline double read_gbytes(std::size_t bytes) {
  using limits::Wide;
  constexpr std::size_t kTogether = 8;  // sums, so that additions do not wait for each other
  const std::size_t count = bytes / sizeof(Wide) / kTogether * kTogether;
  const std::vector<Wide> values(count);
  Wide sum[kTogether] = {};
  const auto read = [&] {
    for (std::size_t i = 0; i < count; i += kTogether)
#pragma GCC unroll 8
      for (std::size_t k = 0; k < kTogether; ++k) sum[k] += values[i + k];
    for (Wide& s : sum) benchmark::DoNotOptimize(s);
  };
  read();
  constexpr double kSeconds = 0.2;
  double best = 0;
  for (const auto begin = std::chrono::steady_clock::now(); limits::seconds_since(begin) < kSeconds;) {
    const auto start = std::chrono::steady_clock::now();
    read();
    best = std::max(best, static_cast<double>(count * sizeof(Wide)) / limits::seconds_since(start) / 1e9);
  }
  return best;
}

}  // namespace lineament
