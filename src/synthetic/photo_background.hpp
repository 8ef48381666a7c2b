// A photo behind the face, in place of a drawn background.
#pragma once
#include <span>

#include "raster.hpp"

namespace lineament::synthetic {

/// How often a face stands before a photo when there are any.
inline constexpr float kPhotoChance = 0.75f;

/// Fills what no solid covers of `color` (linear light, size x size) with a part of `photo`, perhaps mirrored or out
/// of focus. `exposure`: of the camera that will see it, so that the photo keeps its own.
void draw_photo(std::span<Vec3> color, const Raster& raster, const Image& photo, float exposure, Random& random);

}  // namespace lineament::synthetic
