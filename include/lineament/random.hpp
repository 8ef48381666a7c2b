// Counter-based random numbers: the n-th draw of a stream is a pure function of its key and n, so a sample's
// augmentation is the same whichever thread prepares it, and nothing has to be stored to resume. Philox4x32-10: Salmon
// et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>

#include "lineament/api.hpp"

namespace LINEAMENT_API lineament {

class Random {
 public:
  /// A stream of its own for each (seed, a, b), e.g. (seed, epoch, sample index).
  constexpr explicit Random(std::uint64_t seed, std::uint64_t a = 0, std::uint64_t b = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        // The counter's upper half holds the stream; its lower word counts blocks of four draws.
        counter_{0, static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b),
                 static_cast<std::uint32_t>((a >> 32) * 0x9E3779B9u ^ (b >> 32))} {}

  constexpr std::uint32_t bits() {
    if (next_ == 4) {
      block_ = philox(counter_, key_);
      ++counter_[0];
      next_ = 0;
    }
    return block_[next_++];
  }

  /// Uniform in [0, 1), 24 bits.
  constexpr float uniform() { return static_cast<float>(bits() >> 8) * (1.0f / 16777216.0f); }
  constexpr float uniform(float low, float high) { return low + (high - low) * uniform(); }
  constexpr bool chance(float probability) { return uniform() < probability; }
  /// Uniform in 0 … n-1, n > 0 (multiply-shift; bias below n / 2^32).
  constexpr std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(bits()) * n) >> 32);
  }
  /// Standard normal (Box-Muller; two draws a call, so that the number of draws never depends on the values).
  float normal() {
    const float u = 1.0f - uniform();
    const float v = uniform();
    return std::sqrt(-2.0f * std::log(u)) * std::cos(6.2831853f * v);
  }
  float normal(float mean, float deviation) { return mean + deviation * normal(); }

 private:
  using Words = std::array<std::uint32_t, 4>;

  static constexpr Words philox(Words c, std::array<std::uint32_t, 2> k) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = 0xD2511F53ull * c[0];
      const std::uint64_t p1 = 0xCD9E8D57ull * c[2];
      c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
      k[0] += 0x9E3779B9u;
      k[1] += 0xBB67AE85u;
    }
    return c;
  }

  std::array<std::uint32_t, 2> key_;
  Words counter_;
  Words block_{};
  std::uint32_t next_ = 4;
};

/// Fisher-Yates with our own draws: std::shuffle's are not the same on every standard library.
template <class Sequence>
constexpr void shuffle(Sequence& items, Random random) {
  for (std::size_t n = items.size(); n > 1; --n) {
    const std::size_t k = random.below(static_cast<std::uint32_t>(n));
    auto kept = items[n - 1];
    items[n - 1] = items[k];
    items[k] = kept;
  }
}

}  // namespace lineament
