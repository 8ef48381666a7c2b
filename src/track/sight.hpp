// Which boxes are of one face, and where a face can be looked for.
#pragma once
#include "lineament/faces/box.hpp"
#include "lineament/image/view.hpp"

namespace lineament {

float larger_side(const Box& box);

/// Whether these are boxes of one face, though they may come from two sources.
bool on_one_face(const Box& a, const Box& b);

/// Whether a landmarker can look there: see Landmarker::predict, which refuses boxes that are further out.
bool is_in_sight(const Box& box, const ImageView& frame);

/// Whether points found in `box` can be that face's: no heap, and no more of the picture than it.
bool points_fit(const Landmarks& points, const Box& box);

}  // namespace lineament
