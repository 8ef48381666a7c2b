// People laid into pictures: clear edges, bodies down to the feet, nothing beside them.
#include "../../src/detector/cutout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "../../src/detector/body.hpp"
#include "catch.hpp"

using namespace lineament;
using namespace lineament::detector;

namespace {

/// A white block, from (left, 20) to (right, 39) of 40 x 40 pixels, with a face of 18 pixels in it.
DrawnCutout block(int left, int right) {
  DrawnCutout c{Image(40, 40, {255, 255, 255}), std::vector<std::uint8_t>(40 * 40), {{11, 21}, {29, 39}}};
  for (int y = 20; y < 40; ++y)
    for (int x = left; x <= right; ++x) c.cover[static_cast<std::size_t>(40 * y + x)] = 255;
  return c;
}
/// What lies clear before the first covered pixel of a row, and behind the last.
std::pair<int, int> margins(const DrawnCutout& c, int y) {
  const int width = c.image.width();
  const std::uint8_t* row = c.cover.data() + static_cast<std::ptrdiff_t>(y) * width;
  int left = 0, right = 0;
  while (left < width && row[left] == 0) ++left;
  while (right < width && row[width - 1 - right] == 0) ++right;
  return {left, right};
}

/// In both sizes.
struct Ready {
  DrawnCutout near, far = seen_from_afar(near);

  Person person() const { return {&near, &far}; }
};

struct Picture {
  std::vector<float> pixels = std::vector<float>(100 * 100 * 3, 0.25f);
  std::vector<std::uint8_t> person = std::vector<std::uint8_t>(100 * 100);
  Canvas canvas() { return {100, pixels, person}; }
  float at(int x, int y) const { return pixels[static_cast<std::size_t>(100 * y + x) * 3]; }
};

}  // namespace

TEST_CASE("cutout: what is clear is cut off, and a margin stays") {
  const DrawnCutout ready = made_ready(block(10, 30));
  const auto [left, right] = margins(ready, ready.image.height() - 1);
  CHECK(left >= 2);
  CHECK(left == right);
  CHECK(ready.image.width() == 21 + left + right);
  CHECK(ready.image.height() == 20 + left);
  CHECK(ready.points[0] == Point{11.0f - 10 + static_cast<float>(left), 21.0f - 20 + static_cast<float>(left)});
  CHECK(ready.image.at(0, 0) == Color{});  // times its cover
  CHECK(ready.image.at(left, left) == Color{255, 255, 255});
}

TEST_CASE("cutout: shoulders that the side cuts are round and go on as arms") {
  const DrawnCutout ready = made_ready(block(0, 30));
  const int bottom = ready.image.height() - 1;
  const auto [left, right] = margins(ready, bottom);
  CHECK(ready.image.width() == 31 + 5 + left + right);  // an eighth of the picture
  const auto [at_top, unused] = margins(ready, bottom - 19);
  CHECK(at_top > left);
}

TEST_CASE("cutout: laid over a picture, it changes itself, the body below, and nothing else") {
  const Ready ready{made_ready(block(10, 30))};
  Picture picture;
  const Affine to_person = Affine::translation(-30, -10);
  paste(ready.person(), {to_person, {1, 1, 1}, {0.5f, 0.5f, 0.5f}}, 7, picture.canvas());
  const Body body(ready.near, 1);
  int changed = 0;
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 100; ++x) {
      const Point p = to_person({static_cast<float>(x), static_cast<float>(y)});
      const bool may = p.x > 6 && p.x < 30 && p.y > 6 && p.y < body.end() + 1;
      if (picture.at(x, y) == 0.25f) continue;
      ++changed;
      CHECK(may);
    }
  }
  CHECK(changed > 1000);
  CHECK(picture.at(48, 25) == Approx(1));
  CHECK(picture.person[100 * 25 + 48] == 7);
  CHECK(picture.person[100 * 25 + 5] == 0);
  // Where it is not in the picture, nothing happens.
  Picture other;
  paste(ready.person(), {Affine::translation(500, 0), {1, 1, 1}, {}}, 7, other.canvas());
  CHECK(other.pixels == Picture().pixels);
}

TEST_CASE("cutout: small people look the same from the smaller one") {
  const Ready ready{made_ready(block(10, 30))};
  CHECK(ready.far.image.width() == (ready.near.image.width() + 2) / 3);
  CHECK(ready.far.cover.size() == static_cast<std::size_t>(ready.far.image.width() * ready.far.image.height()));
  Picture from_near, from_far;
  const auto place = [](float scale) { return Place{{scale, 0, -30 * scale, 0, scale, -30 * scale}, {1, 1, 1}, {}}; };
  paste(ready.person(), place(2.999f), 1, from_near.canvas());
  paste(ready.person(), place(3.001f), 1, from_far.canvas());
  float worst = 0, sum = 0;
  for (std::size_t i = 0; i < from_near.pixels.size(); ++i) {
    const float off = std::abs(from_near.pixels[i] - from_far.pixels[i]);
    worst = std::max(worst, off), sum += off;
  }
  CHECK(sum > 0);
  CHECK(worst < 0.3f);  // of an edge's step of 0.75
  CHECK(sum < 60);
  CHECK(from_far.at(36, 35) == Approx(1).margin(0.05));
}

TEST_CASE("cutout: a body goes on as wide as it was cut, then has two legs, then ends") {
  const DrawnCutout ready = made_ready(block(10, 30));
  const Body body(ready, 1);
  const float middle = 18;  // 8 clear pixels, then 21
  CHECK(body.at({middle, body.begin() + 1}).cover == 1);
  CHECK(body.at({middle - 9, body.begin() + 1}).cover == 1);
  CHECK(body.at({middle - 12, body.begin() + 1}).cover == 0);
  CHECK_FALSE(body.at({middle, body.begin() + 1}).legs);
  const float knee = body.end() - 30;
  CHECK(body.at({middle, knee}).cover < 0.7f);
  CHECK(body.at({middle - 3.6f, knee}).cover == 1);
  CHECK(body.at({middle + 3.6f, knee}).legs);
  CHECK(body.at({middle - 3.6f, body.end() + 3}).cover == 0);
  // Nobody there: no body.
  DrawnCutout nobody = ready;
  std::fill(nobody.cover.begin(), nobody.cover.end(), std::uint8_t{0});
  CHECK(Body(nobody, 1).at({middle, body.begin() + 1}).cover == 0);
}
