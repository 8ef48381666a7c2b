// One face as it is kept for training: the surroundings of the face, shrunk to little more than the network's
// resolution, with its points and its box. Shared by all sources of faces: in memory, in shards, drawn on demand.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/faces/validate.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/image/warp.hpp"
#include "lineament/random.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

struct StoreOptions {
  Preprocessing preprocessing{};
  AugmentOptions augment{};  ///< For samples asked for with augmentation.
  BoxSource box = BoxSource::points;
  int threads = 2;  ///< For loading; 0 means one for each core.
  /// Side of the kept region, in sides of the crop. Why 1.6: a crop turned by 30 degrees reaches 1.4 crop sides.
  float region = 1.6f;
  /// Pixels kept for each pixel of the crop at most. Why 1.25: a crop enlarged by augmentation is still sharp, and a
  /// face takes at most (1.6 x 1.25 x 128)^2 x 3 bytes = 197 KB.
  float detail = 1.25f;
  /// Moves each box by this share of its larger side in a direction drawn at random, and makes it larger or smaller by
  /// the same: what a face detector does to boxes, to measure how much a network minds. At most 0.2. The same for
  /// every load.
  float jitter = 0;
  Scheme scheme = ibug_68();
  DecodeLimits limits{};
  /// Called after each face with (done, total), from the loading threads but never from two at once. Optional.
  std::function<void(std::size_t, std::size_t)> progress{};
};

/// Throws ArgumentError for what is out of range.
inline void check(const StoreOptions& options) {
  check(options.preprocessing);
  require_valid(options.scheme);
  if (!(options.region >= 1 && options.detail > 0 && std::isfinite(options.region + options.detail))) {
    throw ArgumentError({"face store", "region or detail out of range", "region >= 1 and detail > 0",
                         std::to_string(options.region) + " and " + std::to_string(options.detail), ""});
  }
  if (!(options.jitter >= 0 && options.jitter <= 0.2f))
    throw ArgumentError({"face store", "jitter out of range", "0 to 0.2", std::to_string(options.jitter), ""});
}

/// The same, and throws ArgumentError for what drawn faces do not have: boxes in files, and points of other schemes.
inline void check_drawn(const StoreOptions& options) {
  check(options);
  if (options.box == BoxSource::file) {
    throw ArgumentError({"drawn faces", "have no boxes in files", "", "", "take the box from the points"});
  }
  if (options.scheme.points != kPoints || options.scheme.name != ibug_68().name) {
    throw ArgumentError({"drawn faces", "have the points of one scheme only", ibug_68().name, options.scheme.name,
                         "train on annotated photos"});
  }
}

/// Picture, points and box share one system of coordinates, which is not the photo's.
struct KeptFace {
  Image image;
  Landmarks points;
  Box box;
  std::string name;    ///< the photo's path, or "drawn 17"
  PhotoPrint print{};  ///< of its photo; drawn faces have none
  float side = 0;      ///< the box's larger one, in pixels of the photo
};

namespace detail {

inline Box jittered(const Box& box, float amount, Random random) {
  const float angle = random.uniform(0, 6.2831853f), side = std::max(box.width, box.height);
  const float scale = random.chance(0.5f) ? 1 + amount : 1 / (1 + amount);
  const Point c = box.center();
  const float x = c.x + amount * side * std::cos(angle), y = c.y + amount * side * std::sin(angle);
  return {x - 0.5f * scale * box.width, y - 0.5f * scale * box.height, scale * box.width, scale * box.height};
}

/// What of a photo is kept, and how it lies there.
struct KeptPlace {
  Affine to_photo;  ///< from pixels of the kept picture to the photo's
  int width = 0, height = 0;
};

/// Everything of a kept face but its picture; the photo is width x height.
inline KeptFace place_of(std::size_t index, int width, int height, const Landmarks& points,
                         const std::optional<Box>& in_file, const StoreOptions& options, KeptPlace& place) {
  const Preprocessing& p = options.preprocessing;
  const Box given = face_box(options.box, points, in_file, width, height, p);
  const Box face = options.jitter > 0 ? jittered(given, options.jitter, Random(0x6A6974746572u, index)) : given;
  const Affine to_photo = crop_to_image(face, p);  // Throws for a box without area.
  const Box region = square_box(square_box(face, p.margin), (options.region - 1) / 2);
  // Whole pixels, so that a region that is not shrunk is copied and not resampled.
  const int left = std::max(0, static_cast<int>(std::floor(region.x + 0.5f)));
  const int top = std::max(0, static_cast<int>(std::floor(region.y + 0.5f)));
  const int right = std::min(width, static_cast<int>(std::ceil(region.x + region.width + 0.5f)));
  const int bottom = std::min(height, static_cast<int>(std::ceil(region.y + region.height + 0.5f)));
  if (left >= right || top >= bottom) throw ArgumentError({"", "the face's box lies outside the photo", "", "", ""});

  const float shrink = std::max(1.0f, to_photo.a / options.detail);
  const float offset = 0.5f * (shrink - 1);  // The outer edges of the first pixels meet, not their centres.
  const auto shrunk = [&](int length) { return static_cast<int>(std::ceil(static_cast<float>(length) / shrink)); };
  place = {{shrink, 0, static_cast<float>(left) + offset, 0, shrink, static_cast<float>(top) + offset},
           shrunk(right - left),
           shrunk(bottom - top)};
  KeptFace kept;
  kept.side = std::max(given.width, given.height);
  const Affine photo_to_kept = place.to_photo.inverse();
  kept.points.resize(points.size());
  std::transform(points.begin(), points.end(), kept.points.begin(), photo_to_kept);
  const Point corner = photo_to_kept({face.x, face.y});
  kept.box = {corner.x, corner.y, face.width / shrink, face.height / shrink};
  return kept;
}

inline KeptFace cut_out(std::size_t index, const Image& photo, const Landmarks& points,
                        const std::optional<Box>& in_file, const StoreOptions& options) {
  KeptPlace place;
  KeptFace kept = place_of(index, photo.width(), photo.height(), points, in_file, options, place);
  kept.image = warp(photo, place.to_photo, place.width, place.height);
  return kept;
}

}  // namespace detail

/// Decodes the photo, no larger than what is kept needs (see reduction_for()), and keeps the face; `index` is what its
/// jitter is drawn by. Throws Error where photo, points or box cannot be used.
inline KeptFace keep_photo(Face face, std::size_t index, const StoreOptions& options) {
  const std::vector<std::uint8_t> bytes = read_file(face.image);
  const std::string name = face.image.string();
  const PhotoFile file(bytes, name, options.limits);
  if (const auto problem = fit_to_photo(face, file.size(), options.scheme))
    throw FormatError({"", *problem, "", "", ""});
  detail::KeptPlace place;
  KeptFace kept = detail::place_of(index, file.size().width, file.size().height, face.points, face.box, options, place);
  const ReducedPhoto photo = file.decode(reduction_for(place.to_photo.a));
  kept.image = warp(photo.image, photo.to_photo.inverse() * place.to_photo, place.width, place.height);
  kept.name = name;
  kept.print = {kept.name, content_digest(bytes), perceptual_hash(photo.image)};
  return kept;
}

/// Draws face `number` of `seed` and keeps it.
inline KeptFace keep_drawn(std::uint64_t seed, std::uint64_t number, std::size_t index, const StoreOptions& options,
                           const DrawOptions& drawing) {
  const DrawnFace face = draw_face(seed, number, drawing);
  KeptFace kept = detail::cut_out(index, face.image, face.points, std::nullopt, options);
  kept.name = "drawn " + std::to_string(number);
  return kept;
}

/// The same without the picture, which is most of the work.
inline KeptFace keep_drawn_points(std::uint64_t seed, std::uint64_t number, std::size_t index,
                                  const StoreOptions& options, const DrawOptions& drawing) {
  detail::KeptPlace unused;
  KeptFace kept = detail::place_of(index, drawing.size, drawing.size, drawn_points(seed, number, drawing), std::nullopt,
                                   options, unused);
  kept.name = "drawn " + std::to_string(number);
  return kept;
}

/// Calls make(), which may throw. Returns why it did in one line, or nothing.
template <class Make>
std::string problem_of(Make make) {
  try {
    make();
  } catch (const Error& e) {
    return reason_of(e);
  } catch (const std::bad_alloc&) {
    return "there is not enough memory for it";
  } catch (const std::exception& e) {
    return e.what();
  }
  return {};
}

}  // namespace lineament
