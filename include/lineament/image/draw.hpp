// Marks on an image: anti-aliased lines, discs and frames, and one image laid into another. Whatever lies outside is
// cut off, and a mark with a NaN or infinite coordinate is left out, so predictions can be drawn unchecked.
#pragma once
#include "lineament/api.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"

namespace LINEAMENT_API lineament {

/// A line with round ends, `thickness` pixels wide (nothing if <= 0).
void draw_line(Image& image, Point a, Point b, Color color, float thickness);

/// A disc; `alpha` from 0 (nothing) to 1 (opaque) is clamped.
void fill_circle(Image& image, Point centre, float radius, Color color, float alpha = 1);

/// The frame of a box: its outer edge lies `thickness` / 2 outside the box's edge (box edges as in Box: a box {0,0,w,h}
/// in pixel-centre coordinates has its corners at (0,0) and (w,h)).
void draw_box(Image& image, Box box, Color color, float thickness);

/// Copies `source` with its top left pixel at (x, y) of `target`.
void paste(Image& target, const Image& source, int x, int y);

}  // namespace lineament
