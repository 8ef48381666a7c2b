// What losses of faces have in common: sizes, weights of points, and the true size of a face.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/landmarks.hpp"

namespace lineament {

/// `values`: of a sample.
inline void require_faces(const char* who, std::size_t values, int points) {
  if (values == 2 * static_cast<std::size_t>(points)) return;
  throw ArgumentError({.where = who,
                       .what = "the samples are not faces of the scheme",
                       .wanted = std::to_string(2 * points) + " values a sample",
                       .got = std::to_string(values),
                       .fix = ""});
}

[[noreturn]] inline void wrong_size(const char* loss, const std::string& what, const std::string& wanted,
                                    std::size_t got) {
  throw ArgumentError({"loss " + std::string(loss), what, wanted, std::to_string(got), ""});
}

template <class T>
double true_inter_ocular(const char* loss, std::span<const T> sample, const std::array<int, 2>& corners,
                         std::size_t index) {
  const auto at = [&](int point, int axis) {
    return static_cast<double>(sample[static_cast<std::size_t>(2 * point + axis)]);
  };
  const double d = std::hypot(at(corners[0], 0) - at(corners[1], 0), at(corners[0], 1) - at(corners[1], 1));
  // The smallest length that can be meant seriously: a millionth of the crop. NaN fails as well.
  if (!(d >= 1e-6)) {
    throw ArgumentError({.where = "loss " + std::string(loss) + ", sample " + std::to_string(index) + " of the batch",
                         .what = "the true outer eye corners (points " + std::to_string(corners[0]) + " and " +
                                 std::to_string(corners[1]) + ") are in one place",
                         .wanted = "a distance above 0",
                         .got = std::to_string(d),
                         .fix = "leave the sample out"});
  }
  return d;
}

/// The weight of the point whose x is value i.
template <class T>
double point_weight(std::span<const T> weights, std::size_t i) {
  return weights.empty() ? 1.0 : static_cast<double>(std::min(weights[i], weights[i + 1]));
}

/// Whether the face's size is known: its eye corners count. (NaN where they do is an error, and not this.)
template <class T>
bool has_corners(std::span<const T> weights, const std::array<int, 2>& corners) {
  return weights.empty() || std::all_of(corners.begin(), corners.end(), [&](int i) {
           return point_weight<T>(weights, 2 * static_cast<std::size_t>(i)) > 0;
         });
}

/// Any similarity of the coordinates cancels in every measure: pixels of a crop of side 1 will do.
inline Landmarks points_of(std::span<const float> values) {
  return values_to_crop_points(values, 1);
}

/// The points with those of weight 0 as not known.
inline Landmarks known_points(std::span<const float> values, std::span<const float> weights) {
  Landmarks points = points_of(values);
  for (std::size_t i = 0; i < points.size() && !weights.empty(); ++i)
    if (!(point_weight(weights, 2 * i) > 0)) points[i] = kUnknownPoint;
  return points;
}

}  // namespace lineament
