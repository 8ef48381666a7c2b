// A face seen in the mirror: its pixels, and what a network says of it, turned back.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "lineament/faces/scheme.hpp"

namespace lineament {

/// Turns a crop of side x side x 3 values around, left to right.
inline void mirror_pixels(std::span<float> pixels, int side) {
  const auto width = static_cast<std::size_t>(side);
  for (std::size_t row = 0; row < width; ++row)
    for (std::size_t left = 0, right = width - 1; left < right; ++left, --right)
      std::swap_ranges(pixels.begin() + static_cast<std::ptrdiff_t>(3 * (row * width + left)),
                       pixels.begin() + static_cast<std::ptrdiff_t>(3 * (row * width + left + 1)),
                       pixels.begin() + static_cast<std::ptrdiff_t>(3 * (row * width + right)));
}

/// Two values a point, in units of the crop's side: the mean with what was found in the mirrored crop. Only the mean x
/// of all points stays as it was: where annotators err to one side, a network errs to that side in both crops, and the
/// mean of the two would be right for nobody.
inline void average_mirrored_points(std::span<float> values, std::span<const float> mirrored, const Scheme& scheme) {
  const auto points = static_cast<std::size_t>(scheme.points);
  float moved = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const auto other = static_cast<std::size_t>(scheme.mirror[i]);
    const float x = 0.5f * (values[2 * i] + 1 - mirrored[2 * other]);
    moved += x - values[2 * i];
    values[2 * i] = x;
    values[2 * i + 1] = 0.5f * (values[2 * i + 1] + mirrored[2 * other + 1]);
  }
  for (std::size_t i = 0; i < points; ++i) values[2 * i] -= moved / static_cast<float>(points);
}

/// The same of one value a point.
inline void average_mirrored_scales(std::span<float> scales, std::span<const float> mirrored, const Scheme& scheme) {
  for (std::size_t i = 0; i < scales.size(); ++i)
    scales[i] = 0.5f * (scales[i] + mirrored[static_cast<std::size_t>(scheme.mirror[i])]);
}

}  // namespace lineament
