// A person before a camera, to one picture.
#pragma once
#include "points.hpp"

namespace lineament::synthetic {

/// Throws ArgumentError naming `option` unless `value` is within.
void require_range(const char* option, float value, float low, float high);

/// The picture of a head that is seen by `camera`, which is made for drawn_side(size). Background and what hangs before
/// the face are those of draw_face(seed, index).
DrawnFace draw_sitting(const Person& person, const Head& head, const Camera& camera, int size, std::uint64_t seed,
                       std::uint64_t index, const Backgrounds& backgrounds);

}  // namespace lineament::synthetic
