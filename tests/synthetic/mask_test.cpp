// Masks over mouth and nose: they hide these and nothing else, and change no face that wears none.
#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"

using namespace lineament;

namespace {

DrawOptions with_masks(float share) {
  DrawOptions o;
  o.size = 96;
  o.accessories = 0;
  o.masks = share;
  return o;
}
/// Mean difference of the levels in the 5 x 5 pixels around a point.
double difference(const DrawnFace& a, const DrawnFace& b, Point at) {
  const int x = static_cast<int>(std::lround(at.x)), y = static_cast<int>(std::lround(at.y));
  double sum = 0;
  for (int dy = -2; dy <= 2; ++dy)
    for (int dx = -2; dx <= 2; ++dx) {
      const Color p = a.image.at(x + dx, y + dy), q = b.image.at(x + dx, y + dy);
      sum += std::abs(p.r - q.r) + std::abs(p.g - q.g) + std::abs(p.b - q.b);
    }
  return sum / 75;
}
bool same_pixels(const DrawnFace& a, const DrawnFace& b) {
  return std::equal(a.image.pixels().begin(), a.image.pixels().end(), b.image.pixels().begin());
}

}  // namespace

TEST_CASE("a mask hides the mouth, not the eyes, and moves no point") {
  int hidden = 0, kept = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const DrawnFace bare = draw_face(5, i, with_masks(0)), masked = draw_face(5, i, with_masks(1));
    REQUIRE(std::equal(bare.points.begin(), bare.points.end(), masked.points.begin()));
    hidden += difference(bare, masked, bare.points[57]) > 5;
    kept += difference(bare, masked, bare.points[19]) == 0 && difference(bare, masked, bare.points[24]) == 0;
  }
  CHECK(hidden >= 36);  // of cloth as dark as a beard little is seen
  CHECK(kept >= 36);    // beards that hang are left out with a mask, and shine through wisps nowhere near the brows
}

TEST_CASE("masks come as often as asked for, on the same faces whatever the share") {
  int worn = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const DrawnFace bare = draw_face(6, i, with_masks(0)), some = draw_face(6, i, with_masks(0.3f));
    if (same_pixels(bare, some)) continue;
    ++worn;
    CHECK(same_pixels(some, draw_face(6, i, with_masks(1))));
  }
  CHECK(worn >= 20);
  CHECK(worn <= 40);
  for (const float wrong : {-0.1f, 1.1f, std::nanf("")})
    CHECK_THROWS_AS(draw_face(6, 0, with_masks(wrong)), ArgumentError);
}
