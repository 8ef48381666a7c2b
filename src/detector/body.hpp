// What people have below their cutout's lower edge: the rest of their clothes, legs and feet, so that nobody floats.
#pragma once
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/geometry.hpp"

namespace lineament::detector {

/// What a point of the body shows, of the clothes at the cutout's lower edge and of trousers and shoes.
struct BodyPaint {
  float cover = 0;    ///< 0 … 1: how much of the point is body
  float shade = 1;    ///< light on it
  bool legs = false;  ///< these have a colour of their own; the trunk goes on as it was
};

/// In pixels of a cutout that was made ready.
class Body {
 public:
  /// `pixel`: how many of the cutout's pixels one of the picture spans, for edges as soft as that.
  Body(const DrawnCutout& person, float pixel);

  float begin() const { return begin_; }  ///< the cutout's lower edge
  float end() const { return feet_; }
  BodyPaint at(Point p) const;

 private:
  float edge(float inside) const;

  float pixel_, begin_, hip_, feet_;
  float middle_ = 0, half_ = 0;  ///< of the trunk at the lower edge, across
};

}  // namespace lineament::detector
