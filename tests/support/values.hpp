// Values for tests: random ones, ones that keep away from kinks, and how far apart two lists are.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "lineament/random.hpp"

namespace lineament::testing {

template <class T>
std::vector<T> random_values(std::size_t size, std::uint64_t stream, float low = -1, float high = 1) {
  Random random(11, stream);
  std::vector<T> values(size);
  for (T& v : values) v = static_cast<T>(random.uniform(low, high));
  return values;
}

/// The numbers ±0.025, ±0.075, ±0.125, … in random order: no two are closer than 0.05, and none is closer than 0.025 to
/// 0 or to ±3, so a small step changes no winner of a max-pool and crosses no kink of an activation.
template <class T>
std::vector<T> spaced_values(std::size_t size, std::uint64_t stream) {
  std::vector<T> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = T(0.05) * (static_cast<T>(i) - static_cast<T>(size / 2) + T(0.5));
  shuffle(values, Random(12, stream));
  return values;
}

template <class T>
void put(std::span<T> to, const std::vector<double>& values) {
  std::transform(values.begin(), values.end(), to.begin(), [](double v) { return static_cast<T>(v); });
}

/// Largest difference, as a share of the largest value of `wanted`; infinite for different sizes or a NaN.
template <class A, class B>
double difference(const A& got, const B& wanted) {
  if (std::size(got) != std::size(wanted)) return std::numeric_limits<double>::infinity();
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < std::size(got); ++i) {
    const double g = static_cast<double>(got[i]), w = static_cast<double>(wanted[i]);
    if (std::isnan(g) || std::isnan(w)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(g - w));
    scale = std::max(scale, std::abs(w));
  }
  return worst == 0 ? 0 : worst / std::max(scale, 1e-30);
}

/// Root of the mean square of the differences, as a share of that of `wanted`: for rounding that adds up over many
/// layers, where the largest of many differences is a matter of chance.
template <class A, class B>
double mean_difference(const A& got, const B& wanted) {
  if (std::size(got) != std::size(wanted)) return std::numeric_limits<double>::infinity();
  double squares = 0, scale = 0;
  for (std::size_t i = 0; i < std::size(got); ++i) {
    const double g = static_cast<double>(got[i]), w = static_cast<double>(wanted[i]);
    if (std::isnan(g) || std::isnan(w)) return std::numeric_limits<double>::infinity();
    squares += (g - w) * (g - w);
    scale += w * w;
  }
  return squares == 0 ? 0 : std::sqrt(squares / std::max(scale, 1e-30));
}

template <class A>
std::vector<typename A::value_type> copy_of(const A& values) {
  return {values.begin(), values.end()};
}

}  // namespace lineament::testing
