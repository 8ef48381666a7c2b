// People without a background: what they cover, and that they look as draw_face shows them.
#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"

using namespace lineament;

namespace {

DrawOptions sized(int size, float accessories = 1) {
  DrawOptions o;
  o.size = size;
  o.accessories = accessories;
  return o;
}
std::size_t index(const DrawnCutout& c, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(c.image.width()) + static_cast<std::size_t>(x);
}
std::size_t index(const DrawnCutout& c, Point p) {
  return index(c, static_cast<int>(p.x + 0.5f), static_cast<int>(p.y + 0.5f));
}
int over(std::uint8_t value, std::uint8_t cover, std::uint8_t behind) {
  return (value * cover + behind * (255 - cover) + 127) / 255;
}
int difference(Color a, Color b) {
  return std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)});
}

}  // namespace

TEST_CASE("a cutout is a pure function of its arguments") {
  const DrawnCutout one = draw_cutout(3, 5, sized(64));
  CHECK(one.image.width() == 64);
  CHECK(one.cover.size() == 64u * 64);
  DrawnCutout other;
  std::thread([&] { other = draw_cutout(3, 5, sized(64)); }).join();
  CHECK(std::equal(one.image.pixels().begin(), one.image.pixels().end(), other.image.pixels().begin()));
  CHECK(one.cover == other.cover);
  CHECK(one.points == other.points);
  CHECK(draw_cutout(3, 6, sized(64)).cover != one.cover);
  CHECK_THROWS_AS(draw_cutout(3, 5, sized(8)), ArgumentError);
}

TEST_CASE("laid over its background, a cutout is the picture that draw_face draws") {
  // A photo of one colour is a background of one colour, which a corner of the picture shows.
  DrawOptions options = sized(96, 3);
  options.backgrounds = std::make_shared<std::vector<Image>>(1, Image(40, 30, {90, 140, 60}));
  int compared = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const DrawnFace face = draw_face(8, i, options);
    const DrawnCutout cutout = draw_cutout(8, i, options);
    CHECK(face.points == cutout.points);
    const Color behind = face.image.at(0, 0);
    if (cutout.cover[0] != 0 || cutout.cover[95] != 0 || face.image.at(95, 0) != behind) continue;
    if (face.image.at(40, 1) != behind || cutout.cover[index(cutout, 40, 1)] != 0) continue;  // it was a drawn one
    ++compared;
    INFO("index " << i);
    int worst_whole = 0;
    double sum = 0;
    for (int y = 0; y < 96; ++y) {
      for (int x = 0; x < 96; ++x) {
        const std::uint8_t c = cutout.cover[index(cutout, x, y)];
        const Color own = cutout.image.at(x, y), seen = face.image.at(x, y);
        const auto mixed = [&](std::uint8_t value, std::uint8_t back) {
          return static_cast<std::uint8_t>(over(value, c, back));
        };
        const int off = difference(seen, {mixed(own.r, behind.r), mixed(own.g, behind.g), mixed(own.b, behind.b)});
        if (c == 0 || c == 255) worst_whole = std::max(worst_whole, off);
        sum += off;
      }
    }
    CHECK(worst_whole <= 6);       // the cover is rounded
    CHECK(sum / (96 * 96) < 1.5);  // light adds up before the film, not after it
  }
  CHECK(compared >= 10);
}

TEST_CASE("a face covers all, and above a small one there is nothing") {
  DrawOptions options = sized(96, 0);
  options.smallest_face = 0.2f;
  options.largest_face = 0.25f;
  options.shift = 0;
  options.max_roll = 0;
  options.max_yaw = 30;
  for (std::uint64_t i = 0; i < 30; ++i) {
    INFO("index " << i);
    const DrawnCutout cutout = draw_cutout(12, i, options);
    for (const int p : {30, 36, 39, 42, 45, 51}) CHECK(cutout.cover[index(cutout, cutout.points[p])] == 255);
    CHECK(cutout.cover[index(cutout, 0, 0)] == 0);
    CHECK(cutout.cover[index(cutout, 95, 0)] == 0);
    const std::uint8_t* const below = cutout.cover.data() + 95 * 96;
    CHECK(std::count(below, below + 96, 255) > 20);  // the chest reaches the lower edge
    const auto soft = std::count_if(cutout.cover.begin(), cutout.cover.end(), [](int c) { return c > 0 && c < 255; });
    CHECK(soft > 50);
    CHECK(soft < 2000);
  }
}

TEST_CASE("without a shift the face lies in the middle") {
  DrawOptions options = sized(96);
  options.shift = 0;
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Landmarks points = draw_cutout(4, i, options).points;
    Point low = points[0], high = points[0];
    for (const Point p : points) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    CHECK((low.x + high.x) / 2 == Approx(47.5).margin(1));
    CHECK((low.y + high.y) / 2 == Approx(47.5).margin(1));
  }
  options.shift = 2;
  CHECK_THROWS_WITH(draw_cutout(4, 0, options), Catch::Contains("shift"));
}
