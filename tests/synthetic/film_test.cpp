// From drawn light to the picture's pixels.
#include "../../src/synthetic/film.hpp"

#include <vector>

#include "catch.hpp"

using namespace lineament;
using namespace lineament::synthetic;

namespace {

Look plain() {
  Look look;
  look.contrast = 0;
  return look;
}
std::vector<Vec3> light(int size, auto at) {
  const int side = drawn_side(size);
  std::vector<Vec3> all(static_cast<std::size_t>(side * side));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) all[static_cast<std::size_t>(y * side + x)] = at(x, y);
  }
  return all;
}

}  // namespace

TEST_CASE("even light gives an even picture, of any size") {
  for (const int size : {32, 33, 47, 192}) {
    const Image image = develop(light(size, [](int, int) { return Vec3{0.2f, 0.2f, 0.2f}; }), size, plain());
    REQUIRE(image.width() == size);
    REQUIRE(image.height() == size);
    for (const std::uint8_t value : image.pixels()) REQUIRE(std::abs(value - 123) <= 2);  // 255 * 0.2^(1 / 2.2)
  }
}

TEST_CASE("an edge inside a pixel is a shade between, in its share of the light") {
  // Two pixels are drawn as three: the middle one is shared.
  const Image image = develop(light(32,
                                    [](int x, int) {
                                      return x <= 15 ? Vec3{} : Vec3{0.6f, 0.6f, 0.6f};
                                    }),
                              32, plain());
  CHECK(image.at(9, 5).g < 15);
  const float third = 255 * std::pow(0.2f, 1 / 2.2f);
  CHECK(image.at(10, 5).g == Approx(third).margin(3));
  CHECK(image.at(11, 5).g == Approx(255 * std::pow(0.6f, 1 / 2.2f)).margin(3));
}

TEST_CASE("nothing is darker than black or brighter than white") {
  const Image image = develop(light(32, [](int x, int) { return Vec3{static_cast<float>(x), 0, 40}; }), 32, plain());
  CHECK(image.at(0, 0).g == 11);  // the film's own fog: 2^-10 of the light
  CHECK(image.at(31, 3).b >= 250);
}
