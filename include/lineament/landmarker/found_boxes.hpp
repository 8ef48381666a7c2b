// Where the boxes that a model is trained on lie in those that the library's detector finds, measured on photos. Of
// the 68 points both are the same, from the brows to the chin; the box of five points is half as large.
#pragma once
#include <optional>
#include <span>

#include "lineament/api.hpp"
#include "lineament/faces/box_convention.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/landmarker/kept_face.hpp"

namespace LINEAMENT_API lineament {

/// What Model::found_box is made of: looks for up to 200 of the faces in their photos, and compares the boxes. Of
/// `options`, box, scheme, preprocessing, limits and threads matter. The same for any number of threads. Photos that
/// cannot be read are left out. Nothing where fewer than 8 of the faces are found, or not a third of them.
std::optional<BoxFactors> fit_found_box(std::span<const Face> faces, const StoreOptions& options);

}  // namespace lineament
