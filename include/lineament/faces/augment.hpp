// From a photo and its points to one training sample: geometry, crop and look, in one function that training and tests
// share.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <utility>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/augment_options.hpp"
#include "lineament/faces/augment_pixels.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/image/image.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {

/// The crop's map, moved at random: turned, scaled, stretched, shifted and perhaps mirrored about the crop's centre.
/// When `mirrored` comes back true the points must also change their names (mirror_values). With the level "none" the
/// result is `crop_to_image` itself.
inline Affine augment_geometry(const Affine& crop_to_image, int size, const AugmentOptions& options, Random& random,
                               bool& mirrored) {
  using detail::bounded;
  const float side = static_cast<float>(size), center = 0.5f * (side - 1);
  mirrored = random.chance(options.mirror);
  const float turn = bounded(random, options.rotation) * 0.017453293f;
  const float stretch = 0.5f * bounded(random, options.aspect);
  const float log_scale = bounded(random, options.scale);
  float dx = bounded(random, options.shift), dy = bounded(random, options.shift);
  // The four edges of the box err each on its own; the square around the new box has its centre and its larger side.
  std::array<float, 4> edge{};
  for (float& e : edge) e = bounded(random, options.box_jitter);
  dx += 0.5f * (edge[0] + edge[1]);
  dy += 0.5f * (edge[2] + edge[3]);
  const float scale = std::exp(log_scale) * (1 + std::max(edge[1] - edge[0], edge[3] - edge[2]));

  const float sx = scale * std::exp(stretch) * (mirrored ? -1.0f : 1.0f), sy = scale * std::exp(-stretch);
  const Affine moved = Affine::translation(center + dx * side, center + dy * side) * Affine::rotation(turn) *
                       Affine::scaling(sx, sy) * Affine::translation(-center, -center);
  return crop_to_image * moved;
}

/// Gives the values of a mirrored crop the names they have there: what was the left eye is now the right one. Throws
/// ArgumentError for another number of values.
inline void mirror_values(std::span<float> values, const Scheme& scheme = ibug_68()) {
  detail::require_values(scheme.mirror.size(), values.size());
  for (std::size_t i = 0; i < scheme.mirror.size(); ++i) {
    const auto k = static_cast<std::size_t>(scheme.mirror[i]);
    if (k <= i) continue;  // Each pair once.
    std::swap(values[2 * i], values[2 * k]);
    std::swap(values[2 * i + 1], values[2 * k + 1]);
  }
}

/// Where a training sample is written. Weights may be left out.
struct SampleSpans {
  std::span<float> pixels, values, weights{};
};

/// One training sample: `pixels` (size x size x 3 in [0, 1]) and `values` (two for each point, see
/// crop_points_to_values) of the face in `box`. Box and points are in pixels of `image`. With the level "none" it is
/// the crop of inference, bit for bit. Points that are not known have the weight 0 and the values 0, the others the
/// weight 1. Throws ArgumentError for spans of another length, points of another scheme, an empty image or a box
/// without area.
inline void prepare_sample(const Image& image, const Landmarks& points, const Box& box,
                           const Preprocessing& preprocessing, const AugmentOptions& options, Random random,
                           const SampleSpans& to, const Scheme& scheme = ibug_68()) {
  const auto count = static_cast<std::size_t>(scheme.values());
  if (points.size() * 2 != count || to.values.size() != count || (!to.weights.empty() && to.weights.size() != count)) {
    throw ArgumentError({"prepare_sample", "wrong number of points, values or weights",
                         std::to_string(scheme.points) + " points of the scheme " + scheme.name,
                         std::to_string(points.size()) + " points, " + std::to_string(to.values.size()) + " values, " +
                             std::to_string(to.weights.size()) + " weights",
                         ""});
  }
  const int size = preprocessing.size;
  bool mirrored = false;
  const Affine to_image = augment_geometry(crop_to_image(box, preprocessing), size, options, random, mirrored);
  crop(image, to_image, size, to.pixels);
  augment_pixels(to.pixels, size, options, random);
  points_to_values(points, to_image, size, to.values);
  if (mirrored) mirror_values(to.values, scheme);
  if (!to.weights.empty()) {
    for (std::size_t i = 0; i < count; ++i) to.weights[i] = std::isnan(to.values[i]) ? 0.0f : 1.0f;
    std::replace_if(
        to.values.begin(), to.values.end(), [](float v) { return std::isnan(v); }, 0.0f);
  }
}

}  // namespace lineament
