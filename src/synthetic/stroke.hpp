// Things drawn over the finished face in the picture's plane: round bars with light on them.
#pragma once
#include <span>

#include "person.hpp"

namespace lineament::synthetic {

/// A bar with round ends from `a` to `b`, pixels, `radius` pixels thick; lit as a cylinder towards the camera. Thinner
/// than a pixel it fades.
struct Bar {
  Point a, b;
  float radius = 1;
  Vec3 paint;
};
void draw_bar(std::span<Vec3> color, int size, const Bar& bar, const Look& look);

}  // namespace lineament::synthetic
