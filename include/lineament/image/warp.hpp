// Cutting a turned, scaled, mirrored piece out of an image in one resampling: the crop of training and of inference.
#pragma once
#include <span>

#include "lineament/api.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/view.hpp"

namespace LINEAMENT_API lineament {

/// Writes height x width x 3 floats in [0, 1] (one NHWC sample) to `out`: output pixel (x, y) is `source` at
/// to_source({x, y}), linear between pixel centres, the edge pixels going on for ever outside. Where the map shrinks
/// the image, each output pixel is the mean over its own area, so fine detail fades instead of turning into false
/// patterns (where it shrinks one direction by more than 64, the other is smoothed, too). Only the part of `source` in
/// view is read, row by row. The same colours give the same bits, whatever the pixel format and the thread. Throws
/// ArgumentError if `source` does not pass check(), a size is not positive, out.size() != width * height * 3, or a
/// number of the map is not finite.
void warp(const ImageView& source, const Affine& to_source, int width, int height, std::span<float> out);

/// The same as 8-bit RGB, rounded to nearest.
Image warp(const ImageView& source, const Affine& to_source, int width, int height);

}  // namespace lineament
