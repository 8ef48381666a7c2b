// The face crop: the one piece of geometry that training, evaluation and inference share. A network sees a size x size
// square cut around the face, and speaks of points in units of that square's side.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/landmarks.hpp"
#include "lineament/image/view.hpp"
#include "lineament/image/warp.hpp"

namespace LINEAMENT_API lineament {

/// How a photo and a box become the network's input; stored in every model file.
struct Preprocessing {
  int size = 128;  ///< Side of the crop in pixels.
  /// Free border on each side, in units of the box's larger side. Why 0.15: the box of the points ends at the brows and
  /// the chin, and a face that is turned, or a box that is a little off, must still lie inside the crop.
  float margin = 0.15f;
  friend constexpr bool operator==(const Preprocessing&, const Preprocessing&) = default;
};

/// Where a face's box comes from.
enum class BoxSource {
  points,      ///< The bounding box of the annotated points.
  file,        ///< The box in the annotation file (a detector's, or drawn by hand).
  whole_image  ///< The face fills the picture: the crop is the whole picture.
};

/// "points", "file" or "image". Throws ArgumentError for any other name.
inline BoxSource box_source(std::string_view name) {
  if (name == "points") return BoxSource::points;
  if (name == "file") return BoxSource::file;
  if (name == "image") return BoxSource::whole_image;
  throw ArgumentError({"box", "there is no such source of boxes", "points, file or image", std::string(name), ""});
}

/// Throws ArgumentError unless the size is 8 … 4096 and the margin -0.4 … 4.
inline void check(const Preprocessing& p) {
  if (p.size < 8 || p.size > 4096) {
    throw ArgumentError({"crop size", "out of range", "8 to 4096 pixels", std::to_string(p.size), ""});
  }
  if (!(p.margin >= -0.4f && p.margin <= 4.0f)) {
    throw ArgumentError({"crop margin", "out of range", "-0.4 to 4", std::to_string(p.margin), ""});
  }
}

/// Maps pixels of the crop to pixels of the photo (both with centres at integers): the square of side
/// max(width, height) * (1 + 2 margin) around the box's centre becomes size x size.
/// Throws ArgumentError when the box is empty or beyond a million pixels, or the preprocessing is out of range.
inline Affine crop_to_image(const Box& face, const Preprocessing& preprocessing) {
  check(preprocessing);
  const Box square = square_box(face, preprocessing.margin);
  // The negated comparisons also catch NaN. No photo is that large, and pixels must be countable with an int.
  constexpr float kFarthest = 1e6f;
  if (!(face.width > 0 && face.height > 0)) {
    const std::string got = std::to_string(face.width) + " x " + std::to_string(face.height);
    throw ArgumentError({"face box", "has no area", "a width and height above 0", got, ""});
  }
  if (!(std::abs(square.x) <= kFarthest && std::abs(square.y) <= kFarthest && square.width <= kFarthest)) {
    const std::string got =
        std::to_string(square.x) + ", " + std::to_string(square.y) + " and " + std::to_string(square.width);
    throw ArgumentError(
        {"face box", "lies beyond any photo", "coordinates and sides of at most a million pixels", got, ""});
  }
  const float scale = square.width / static_cast<float>(preprocessing.size);
  // Pixel i covers [i - 0.5, i + 0.5) of the crop and [square.x + i scale, square.x + (i + 1) scale) of the photo,
  // where coordinate 0 is the first pixel's centre in both.
  return {scale, 0, square.x + 0.5f * scale, 0, scale, square.y + 0.5f * scale};
}

/// A face's box by the given policy, in pixels of a width x height photo.
/// Throws ArgumentError when the policy is `file` and there is no box in the file.
inline Box face_box(BoxSource source, const Landmarks& points, const std::optional<Box>& in_file, int width, int height,
                    const Preprocessing& preprocessing) {
  if (source == BoxSource::points) return bounding_box(points);
  if (source == BoxSource::file) {
    if (in_file) return *in_file;
    throw ArgumentError({"", "the annotation has no box", "", "", "take the box from the points instead"});
  }
  // The margin is taken off again, so that the crop's square is the picture itself and nothing around it.
  const float shrink = 1 / (1 + 2 * preprocessing.margin);
  const Box all = whole_image(width, height);
  const Point c = all.center();
  return {c.x - all.width * shrink / 2, c.y - all.height * shrink / 2, all.width * shrink, all.height * shrink};
}

namespace detail {

inline void require_values(std::size_t points, std::size_t values) {
  if (values == 2 * points) return;
  throw ArgumentError({"values of points", "they do not fit the points", std::to_string(2 * points),
                       std::to_string(values), "two for each point"});
}

}  // namespace detail

/// Points in pixels of the crop -> the network's values x0, y0, x1, y1, … (two for each point): 0 is the crop's
/// left/top edge, 1 its right/bottom edge, so the centre of crop pixel i is at (i + 0.5) / size. Throws ArgumentError
/// for another number of values.
inline void crop_points_to_values(const Landmarks& crop_points, int size, std::span<float> values) {
  detail::require_values(crop_points.size(), values.size());
  const float unit = 1.0f / static_cast<float>(size);
  for (std::size_t i = 0; i < crop_points.size(); ++i) {
    values[2 * i] = (crop_points[i].x + 0.5f) * unit;
    values[2 * i + 1] = (crop_points[i].y + 0.5f) * unit;
  }
}

/// The inverse of crop_points_to_values.
inline Landmarks values_to_crop_points(std::span<const float> values, int size) {
  Landmarks points(values.size() / 2);
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i] = {values[2 * i] * static_cast<float>(size) - 0.5f, values[2 * i + 1] * static_cast<float>(size) - 0.5f};
  }
  return points;
}

/// Points in pixels of the photo -> values (see crop_points_to_values); `to_image` is what crop_to_image gave.
inline void points_to_values(const Landmarks& photo_points, const Affine& to_image, int size, std::span<float> values) {
  detail::require_values(photo_points.size(), values.size());
  const Affine image_to_crop = to_image.inverse();
  const float unit = 1.0f / static_cast<float>(size);
  for (std::size_t i = 0; i < photo_points.size(); ++i) {
    const Point p = image_to_crop(photo_points[i]);
    values[2 * i] = (p.x + 0.5f) * unit;
    values[2 * i + 1] = (p.y + 0.5f) * unit;
  }
}

/// Values -> points in pixels of the photo.
inline Landmarks values_to_points(std::span<const float> values, const Affine& to_image, int size) {
  Landmarks points = values_to_crop_points(values, size);
  std::transform(points.begin(), points.end(), points.begin(), to_image);
  return points;
}

/// Cuts the crop out of the photo: size x size x 3 floats in [0, 1], row by row. Beyond the photo its edge pixels go
/// on.
inline void crop(const ImageView& image, const Affine& to_image, int size, std::span<float> pixels) {
  warp(image, to_image, size, size, pixels);
}

}  // namespace lineament
