// A photo behind the face, in place of a drawn background.
#pragma once
#include <span>

#include "raster.hpp"

namespace lineament::synthetic {

/// Fills what no solid covers of `color` (linear light, size x size) with a part of `photo`, perhaps mirrored or out
/// of focus. `exposure`: of the camera that will see it, so that the photo keeps its own.
void draw_photo(std::span<Vec3> color, const Raster& raster, const Image& photo, float exposure, Random& random);

}  // namespace lineament::synthetic
