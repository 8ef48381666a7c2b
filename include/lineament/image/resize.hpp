// Resizing a whole image, whose outer edges stay its outer edges.
#pragma once
#include "lineament/api.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/view.hpp"

namespace LINEAMENT_API lineament {

/// `image` at width x height pixels. Along each axis: the mean of the area an output pixel covers when shrinking,
/// linear between pixel centres when enlarging. Rounded to nearest; a constant image stays exactly that constant, and
/// the same size is an exact copy. Throws ArgumentError if the image does not pass check() or a size is not positive.
Image resize(const ImageView& image, int width, int height);

}  // namespace lineament
