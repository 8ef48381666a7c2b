// The average of a network over its training steps.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lineament {

/// Moves `average` towards `weights`, those after step number `step` (1, 2, …): see FitOptions::ema.
inline void move_average(std::span<float> average, std::span<const float> weights, double ema, std::uint64_t step) {
  const double t = static_cast<double>(step);
  const auto newest = static_cast<float>(1 - std::min(ema, (1 + t) / (10 + t)));
  for (std::size_t i = 0; i < average.size(); ++i) average[i] += newest * (weights[i] - average[i]);
}

}  // namespace lineament
