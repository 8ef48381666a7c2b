// From what a pixel shows to its colour: painting of each material in its own surface coordinates, then light.
#pragma once
#include <span>

#include "raster.hpp"

namespace lineament::synthetic {

/// What a material looks like at a point, before light.
struct Paint {
  Vec3 albedo;
  float gloss = 0;    ///< strength of the broad highlight
  float glint = 0;    ///< strength of the sharp highlight (wet, glass)
  float open = 1;     ///< share of light that painted creases and cavities let in
  float scatter = 0;  ///< 1: skin, light leaks red past the terminator
  Vec3 bend;          ///< added to the normal
};

/// Everything a painter needs of the face; made once a picture.
struct Scene {
  const Head* head;
  const Look* look;
  Vec3 half;    ///< between the key light and the eye: where highlights are
  float pixel;  ///< cm that a pixel spans: the width of drawn edges
};

Paint paint_skin(const Scene& scene, float x, float y);
/// Called by paint_skin for the parts they name.
void paint_eye(const Scene& scene, const Eye& eye, float x, float y, Paint& paint);
void paint_brow(const Scene& scene, const Brow& brow, float x, float y, Paint& paint);
void paint_mouth(const Scene& scene, float x, float y, Paint& paint);
void paint_beard(const Scene& scene, float x, float y, float width, Paint& paint);  ///< width: of the section

/// Colour of a pixel in linear light.
Vec3 shade(const Scene& scene, const Fragment& fragment);

/// Fills `color` (linear light, size x size) with a background; covered pixels may be left unfinished.
void draw_background(std::span<Vec3> color, const Raster& raster, Random& random);
/// Draws a few things in front of the face: hands, microphones, cups, straps.
void draw_occluders(std::span<Vec3> color, int size, const Person& person, const Landmarks& points, Random& random);
/// A beard beyond the skin: hairs that hang from jaw and chin, longest in the middle.
void draw_beard(std::span<Vec3> color, const Camera& camera, const Look& look, const Landmarks& points, Random& random);
/// Single strands and locks of hair that hang over forehead, cheeks and jaw.
void draw_wisps(std::span<Vec3> color, const Head& head, const Camera& camera, const Look& look, Random& random);

}  // namespace lineament::synthetic
