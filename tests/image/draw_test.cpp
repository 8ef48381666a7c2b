// Drawing: areas by hand, and nothing outside the image.
#include <cmath>
#include <limits>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/image/draw.hpp"

using namespace lineament;
using namespace lineament::test;

namespace {

constexpr Color kWhite{255, 255, 255};

/// The white area in pixels, with partly covered pixels counted by their share.
double area(const Image& image) {
  double sum = 0;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) sum += image.at(x, y).g / 255.0;
  return sum;
}

}  // namespace

TEST_CASE("a disc has the area of a circle wherever its centre lies") {
  for (const Point centre : {Point{20, 20}, Point{20.5f, 19.75f}}) {
    Image image(41, 41);
    fill_circle(image, centre, 8, kWhite);
    CHECK(area(image) == Approx(3.14159265 * 64).epsilon(0.01));
    CHECK(image.at(20, 20) == kWhite);
    CHECK(image.at(30, 20) == Color{});
  }
}

TEST_CASE("alpha mixes with what is there") {
  Image image(9, 9, {100, 100, 100});
  fill_circle(image, {4, 4}, 3, {200, 0, 100}, 0.5f);
  CHECK(image.at(4, 4) == Color{150, 50, 100});
  fill_circle(image, {4, 4}, 3, kWhite, 0);
  CHECK(image.at(4, 4) == Color{150, 50, 100});
}

TEST_CASE("a line covers its length times its thickness, with smooth edges") {
  Image image(60, 60);
  draw_line(image, {10, 10}, {50, 40}, kWhite, 3);  // 50 long, with half discs of radius 1.5 at its ends.
  CHECK(area(image) == Approx(150 + 3.14159265 * 2.25).epsilon(0.02));
  int partly = 0;
  for (const std::uint8_t v : image.pixels()) partly += v > 0 && v < 255;
  CHECK(partly > 100);

  Image flat(20, 5);
  draw_line(flat, {2, 2}, {17, 2}, kWhite, 1);
  CHECK(flat.at(10, 2) == kWhite);
  CHECK(flat.at(10, 1) == Color{});
  CHECK(flat.at(10, 3) == Color{});
}

TEST_CASE("a box's frame has the area of its outer less its inner rectangle") {
  for (const Box box : {Box{5, 6, 20, 10}, Box{5.25f, 6.5f, 20.5f, 9.75f}, Box{25, 16, -20, -10}}) {
    Image image(40, 30);
    draw_box(image, box, kWhite, 2);
    const double w = std::abs(box.width), h = std::abs(box.height);
    CHECK(area(image) == Approx((w + 2) * (h + 2) - (w - 2) * (h - 2)).epsilon(0.01));
    CHECK(image.at(15, 11) == Color{});
  }
}

TEST_CASE("marks are cut at the border, and those that are nowhere are left out") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const float most = std::numeric_limits<float>::max();
  Image image(10, 10);
  for (const Point p : {Point{nan, 3}, Point{3, inf}, Point{-inf, nan}}) {
    draw_line(image, p, {5, 5}, kWhite, 2);
    draw_line(image, {5, 5}, p, kWhite, 2);
    fill_circle(image, p, 3, kWhite);
    draw_box(image, {p.x, p.y, 3, 3}, kWhite, 2);
  }
  fill_circle(image, {5, 5}, nan, kWhite);
  fill_circle(image, {5, 5}, -1, kWhite);
  fill_circle(image, {5, 5}, 2, kWhite, nan);
  draw_line(image, {1, 1}, {5, 5}, kWhite, 0);
  fill_circle(image, {-100, 5}, 50, kWhite);
  fill_circle(image, {1e9f, -1e9f}, 3, kWhite);
  draw_line(image, {-50, 20}, {50, 20}, kWhite, 3);
  draw_box(image, {-100, -100, 300, 300}, kWhite, 3);
  CHECK(area(image) == 0);

  draw_line(image, {-1e9f, 5}, {1e9f, 5}, kWhite, 1);
  CHECK(area(image) == Approx(10));
  draw_line(image, {-most, -most}, {most, most}, kWhite, 1);
  fill_circle(image, {most, most}, most, kWhite);
  draw_box(image, {-most, -most, most, most}, kWhite, most);
  fill_circle(image, {5, 5}, 1e6f, {9, 9, 9});
  CHECK(largest_difference(image, Image(10, 10, {9, 9, 9})) == 0);

  Image none;
  draw_line(none, {0, 0}, {5, 5}, kWhite, 2);
  draw_box(none, {0, 0, 5, 5}, kWhite, 2);
  fill_circle(none, {0, 0}, 5, kWhite);
  paste(none, Image(2, 2), 0, 0);
  CHECK(none.empty());
}

TEST_CASE("paste copies the part that fits") {
  const Image piece = noise(4, 3, 11);
  for (const auto& [x, y] : {std::pair{2, 2}, {-2, -1}, {8, 9}, {-4, 0}, {10, 10}, {2147483647, -2147483647 - 1}}) {
    Image image(10, 10, {1, 1, 1});
    paste(image, piece, x, y);
    for (int v = 0; v < 10; ++v)
      for (int u = 0; u < 10; ++u) {
        const long i = u - static_cast<long>(x), j = v - static_cast<long>(y);
        const bool inside = i >= 0 && i < 4 && j >= 0 && j < 3;
        if (image.at(u, v) != (inside ? piece.at(static_cast<int>(i), static_cast<int>(j)) : Color{1, 1, 1}))
          FAIL("at " << u << "," << v << " with the piece at " << x << "," << y);
      }
  }
}
