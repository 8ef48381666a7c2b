// The solid parts of a picture as grids: head, ears, neck and shoulders, hair, hat, glasses, mask.
#pragma once
#include <array>
#include <span>

#include "raster.hpp"

namespace lineament::synthetic {

/// Surface coordinates: a = x, b = y in the front view; behind the ears |a| goes on growing past the half-width.
Grid head_grid(const Head& head, const Camera& camera, const Look& look);
/// side -1: the picture's left. Coordinates: a around, 0 … 1, b from the middle (0) to the rim (1).
Grid ear_grid(const Head& head, const Camera& camera, int side);
/// Neck, shoulders and chest. Coordinates: a = angle from the front, b = height, cm.
Grid body_grid(const Head& head, const Camera& camera, const Pose& pose, const Look& look);

/// Hair as a shell over the skull that may hang below it. Coordinates: a = angle from the front, b = height, cm.
Grid hair_grid(const Head& head, const Camera& camera, const Look& look);
/// Where a shell exists: in each direction, above one level and below another. Tables, as they are asked for each
/// pixel.
class Cover {
 public:
  /// `levels(angle)` gives {covered above, covered below}.
  template <class Levels>
  explicit Cover(Levels levels) {
    for (int i = 0; i < kSteps; ++i)
      level_[i] = levels((static_cast<float>(i) + 0.5f) / kSteps * 6.2831853f - 3.1415927f);
  }
  bool operator()(float angle, float y) const {
    const int i = std::clamp(static_cast<int>((angle + 3.1415927f) * (kSteps / 6.2831853f)), 0, kSteps - 1);
    return y > level_[i].above || y < level_[i].below;
  }
  struct Levels {
    float above, below = -1e9f;
  };

 private:
  static constexpr int kSteps = 720;
  std::array<Levels, kSteps> level_;
};
Cover hair_cover(const Look& look);
Grid hat_grid(const Head& head, const Camera& camera, const Look& look);
Cover hat_cover(const Look& look);
/// The cap's shade.
Grid brim_grid(const Head& head, const Camera& camera, const Look& look);
/// A strip of the given half-thickness along a line of points in the camera frame.
Grid ribbon(std::span<const Vec3> line, float half);
/// Rims, bridge and temples as ribbons that face the camera; lenses as fans.
void draw_glasses(Raster& raster, const Head& head, const Camera& camera, const Look& look);
/// Cloth and the loops around the ears. Coordinates: a across, -1 … 1, b from its upper edge (0) to its lower one (1).
void draw_mask(Raster& raster, const Head& head, const Camera& camera, const Look& look);

}  // namespace lineament::synthetic
