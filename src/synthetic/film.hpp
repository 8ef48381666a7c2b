// From light to the picture's bytes.
#pragma once
#include <span>
#include <vector>

#include "person.hpp"

namespace lineament::synthetic {

/// Side that a picture is drawn at: a half more than it is asked for, so that edges are no steps but shades, as a
/// sensor's pixels see them.
constexpr int drawn_side(int size) {
  return (3 * size + 1) / 2;
}

/// `light`: linear, drawn_side(size) squared. The picture's pixels are means over their areas, then exposed.
Image develop(std::span<const Vec3> light, int size, const Look& look);
/// The same where things cover only a share of each pixel, `cover`, and `light` is theirs alone: the colour of what
/// covers.
Image develop(std::span<const Vec3> light, std::span<const float> cover, int size, const Look& look);
/// The same means without a film, size squared, of the x of `light`.
std::vector<float> shrink(std::span<const Vec3> light, int size);

}  // namespace lineament::synthetic
