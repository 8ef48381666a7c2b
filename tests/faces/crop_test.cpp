// The crop's geometry against numbers worked by hand.
#include "lineament/faces/crop.hpp"

#include <limits>
#include <vector>

#include "catch.hpp"

using namespace lineament;

TEST_CASE("the crop is the square around the box, edge to edge") {
  // Side 64 * (1 + 2 * 0.5) = 128 around (41.5, 35.5): from -22.5 to 105.5 and from -28.5 to 99.5, one pixel a pixel.
  const Affine map = crop_to_image({9.5f, 19.5f, 64, 32}, {128, 0.5f});
  CHECK(map({0, 0}) == Point{-22, -28});
  CHECK(map({127, 127}) == Point{105, 99});

  // The whole of a 480 x 480 picture at 128: each pixel covers 3.75, the first from -0.5 to 3.25.
  const Preprocessing preprocessing{128, 0.25f};
  const Box all = face_box(BoxSource::whole_image, {}, {}, 480, 480, preprocessing);
  const Affine whole = crop_to_image(all, preprocessing);
  CHECK(whole.a == Approx(3.75f));
  CHECK(whole({0, 0}).x == Approx(1.375f));
  CHECK(whole({127, 127}).y == Approx(477.625f));
}

TEST_CASE("values are in units of the crop's side, from edge to edge") {
  const Affine map = crop_to_image({9.5f, 19.5f, 64, 32}, {128, 0.5f});
  Landmarks photo(kPoints);
  std::fill(photo.begin(), photo.end(), Point{-22.5f, 99.5f});  // Left and bottom edge.
  photo[1] = {41.5f, 35.5f};                                    // Centre.
  std::vector<float> values(kValues);
  points_to_values(photo, map, 128, values);
  CHECK(values[0] == Approx(0).margin(1e-6));
  CHECK(values[1] == Approx(1));
  CHECK(values[2] == Approx(0.5));
  CHECK(values[3] == Approx(0.5));
  CHECK(values_to_crop_points(values, 128)[1].x == Approx(63.5f));  // Between pixels 63 and 64.

  const Landmarks back = values_to_points(values, map, 128);
  for (std::size_t i = 0; i < kPoints; ++i) CHECK(distance(back[i], photo[i]) < 1e-4f);
}

TEST_CASE("the crop's pixels are the photo's where the map says so") {
  Image photo(40, 30);
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      photo.set(x, y,
                {static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y), static_cast<std::uint8_t>(7 * x + y)});
    }
  }
  // Side 16 from (3.5, 5.5): pixels 4 … 19 and 6 … 21.
  const Affine map = crop_to_image({3.5f, 5.5f, 16, 16}, {16, 0});
  std::vector<float> pixels(16 * 16 * 3);
  crop(photo, map, 16, pixels);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) {
      const Color c = photo.at(x + 4, y + 6);
      const float* p = pixels.data() + (y * 16 + x) * 3;
      REQUIRE(p[0] == Approx(c.r / 255.0f));
      REQUIRE(p[1] == Approx(c.g / 255.0f));
      REQUIRE(p[2] == Approx(c.b / 255.0f));
    }
  }
}

TEST_CASE("the face's box follows the policy") {
  Landmarks points(kPoints);
  std::fill(points.begin(), points.end(), Point{10, 20});
  points[3] = {30, 70};
  const Preprocessing preprocessing;
  CHECK(face_box(BoxSource::points, points, Box{1, 2, 3, 4}, 100, 90, preprocessing) == Box{10, 20, 20, 50});
  CHECK(face_box(BoxSource::file, points, Box{1, 2, 3, 4}, 100, 90, preprocessing) == Box{1, 2, 3, 4});
  CHECK_THROWS_AS(face_box(BoxSource::file, points, {}, 100, 90, preprocessing), ArgumentError);
  // The crop of a 100 x 90 picture is the 100 x 100 square around its centre.
  const Box square =
      square_box(face_box(BoxSource::whole_image, points, {}, 100, 90, preprocessing), preprocessing.margin);
  CHECK(square.x == Approx(-0.5f));
  CHECK(square.y == Approx(-5.5f));
  CHECK(square.width == Approx(100));
  CHECK(box_source("image") == BoxSource::whole_image);
  CHECK_THROWS_AS(box_source("detector"), ArgumentError);
}

TEST_CASE("a crop that makes no sense is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(crop_to_image({0, 0, 0, 5}, {}), ArgumentError);
  CHECK_THROWS_AS(crop_to_image({0, 0, -3, 5}, {}), ArgumentError);
  CHECK_THROWS_AS(crop_to_image({nan, 0, 3, 5}, {}), ArgumentError);
  CHECK_THROWS_AS(crop_to_image({0, 0, nan, 5}, {}), ArgumentError);
  CHECK_THROWS_AS(crop_to_image({0, 0, 5, 5}, {4, 0}), ArgumentError);
  CHECK_THROWS_AS(crop_to_image({0, 0, 5, 5}, {128, nan}), ArgumentError);
}
