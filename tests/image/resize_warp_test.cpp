// Resampling, against numbers worked by hand and a slow average over each pixel's area.
#include <algorithm>
#include <cmath>
#include <limits>

#include "bytes.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/image/resize.hpp"
#include "lineament/image/warp.hpp"

using namespace lineament;
using namespace lineament::test;

namespace {

Image row_of(std::initializer_list<int> values) {
  Image image(static_cast<int>(values.size()), 1);
  int x = 0;
  for (const int v : values) image.set(x++, 0, {static_cast<std::uint8_t>(v), 0, static_cast<std::uint8_t>(255 - v)});
  return image;
}

std::vector<float> warped(const Image& image, const Affine& map, int width, int height) {
  std::vector<float> out(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  warp(image, map, width, height, out);
  return out;
}

/// Waves of about ten pixels, so that shrinking by two keeps them and a wrong place or weight shows.
Image waves(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const auto wave = [](double phase) { return static_cast<std::uint8_t>(128 + 100 * std::sin(phase)); };
      image.set(x, y, {wave(x * 0.6), wave(y * 0.5), wave(x * 0.4 - y * 0.5)});
    }
  return image;
}

/// The mean of 16 x 16 nearest pixels over the area of each output pixel.
double area_error(const Image& image, const Affine& map, int size) {
  const auto out = warped(image, map, size, size);
  double sum = 0;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      double mean[3] = {};
      for (int j = 0; j < 16; ++j)
        for (int i = 0; i < 16; ++i) {
          const Point p =
              map({static_cast<float>(x + (i + 0.5) / 16 - 0.5), static_cast<float>(y + (j + 0.5) / 16 - 0.5)});
          const int px = std::clamp(static_cast<int>(std::lround(p.x)), 0, image.width() - 1);
          const int py = std::clamp(static_cast<int>(std::lround(p.y)), 0, image.height() - 1);
          const Color c = image.at(px, py);
          mean[0] += c.r;
          mean[1] += c.g;
          mean[2] += c.b;
        }
      for (std::size_t c = 0; c < 3; ++c)
        sum += std::pow(255 * out[static_cast<std::size_t>(y * size + x) * 3 + c] - mean[c] / 256, 2);
    }
  return std::sqrt(sum / (size * size * 3));
}

}  // namespace

TEST_CASE("resize: areas when shrinking, lines between centres when enlarging, by hand") {
  CHECK(resize(row_of({10, 20, 30, 40}), 2, 1).at(1, 0) == Color{35, 0, 220});
  // 3 -> 2: the first output pixel covers all of 30 and half of 60: (30 + 30) / 1.5 = 40.
  CHECK(resize(row_of({30, 60, 90}), 2, 1).at(0, 0) == Color{40, 0, 215});
  CHECK(resize(row_of({30, 60, 90}), 2, 1).at(1, 0) == Color{80, 0, 175});
  // 2 -> 4: centres at -0.25, 0.25, 0.75, 1.25 of the input.
  const Image twice = resize(row_of({0, 100}), 4, 1);
  CHECK(twice.at(0, 0).r == 0);
  CHECK(twice.at(1, 0).r == 25);
  CHECK(twice.at(2, 0).r == 75);
  CHECK(twice.at(3, 0).r == 100);
}

TEST_CASE("resize: constants and equal sizes are exact, and any size works") {
  for (const int value : {0, 1, 127, 254, 255}) {
    const Color c{static_cast<std::uint8_t>(value), 255, 0};
    for (const auto& [w, h] : {std::pair{1, 1}, {3, 50}, {50, 3}, {37, 23}, {61, 61}}) {
      const Image out = resize(Image(37, 23, c), w, h);
      REQUIRE(out.width() == w);
      REQUIRE(out.height() == h);
      CHECK(largest_difference(out, Image(w, h, c)) == 0);
    }
  }
  const Image image = noise(13, 9, 6);
  CHECK(largest_difference(resize(image, 13, 9), image) == 0);
  CHECK(resize(noise(1, 1, 7), 5, 4).width() == 5);
  CHECK_THROWS_AS(resize(image, 0, 5), ArgumentError);
  CHECK_THROWS_AS(resize(Image(), 5, 5), ArgumentError);
}

TEST_CASE("warp: the identity is exact, shifts and edges are as said") {
  const Image image = noise(9, 7, 8);
  const auto same = warped(image, {}, 9, 7);
  for (std::size_t i = 0; i < same.size(); ++i) REQUIRE(same[i] == static_cast<float>(image.pixels()[i]) / 255.0f);

  // Half a pixel to the right between 100 and 200 is 150; beyond the edge the last pixel goes on.
  const Image row = row_of({100, 200});
  const auto shifted = warped(row, Affine::translation(0.5f, 0), 3, 1);
  CHECK(shifted[0] == Approx(150 / 255.0));
  CHECK(shifted[3] == Approx(200 / 255.0));
  CHECK(shifted[6] == Approx(200 / 255.0));
  CHECK(warped(row, Affine::translation(-1e6f, 1e6f), 1, 1)[0] == Approx(100 / 255.0));
}

TEST_CASE("warp: mirror, quarter turn and the 8-bit form") {
  const Image image = noise(8, 8, 9);
  const Image mirrored = warp(image, {-1, 0, 7, 0, 1, 0}, 8, 8);
  const Image turned = warp(image, {0, 1, 0, -1, 0, 7}, 8, 8);  // Output (x, y) is source (y, 7 - x).
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 8; ++x) {
      CHECK(mirrored.at(x, y) == image.at(7 - x, y));
      CHECK(turned.at(x, y) == image.at(y, 7 - x));
    }
}

TEST_CASE("warp: enlarging is linear between four pixels, upright, turned or sheared either way") {
  const Image image = noise(23, 17, 12);
  for (const Affine& map : {Affine{0.6f, 0, 3, 0, 0.7f, 2}, Affine{0.6f, 0.5f, 1, -0.5f, 0.6f, 9},
                            Affine{0.7f, 0.4f, 1, 0, 0.8f, 2}, Affine{0.7f, 0, 1, 0.4f, 0.8f, 2}}) {
    const auto out = warped(image, map, 24, 20);
    for (int y = 0; y < 20; ++y)
      for (int x = 0; x < 24; ++x) {
        const double px = std::clamp(double{map.a} * x + double{map.b} * y + map.c, 0.0, 22.0);
        const double py = std::clamp(double{map.d} * x + double{map.e} * y + map.f, 0.0, 16.0);
        const int left = std::min(static_cast<int>(px), 21), top = std::min(static_cast<int>(py), 15);
        const double u = px - left, v = py - top;
        const auto red = [&](int i, int j) { return double{1} * image.at(left + i, top + j).r; };
        const double wanted =
            (1 - v) * ((1 - u) * red(0, 0) + u * red(1, 0)) + v * ((1 - u) * red(0, 1) + u * red(1, 1));
        REQUIRE(out[static_cast<std::size_t>(y * 24 + x) * 3] == Approx(wanted / 255).margin(1e-4));
      }
  }
}

TEST_CASE("warp: shrinking takes the mean over each pixel's area") {
  // Exactly half: the box of two pixels around each output centre, which lies between two source pixels. By hand: the
  // weights are 1/4 1/2 1/4 around each of the two, so 1/8 3/8 3/8 1/8 over four.
  const Image row = row_of({0, 80, 160, 240});
  const Affine half{2, 0, 0.5f, 0, 1, 0};
  CHECK(warped(row, half, 2, 1)[0] == Approx((0.5 * 0 + 0.375 * 80 + 0.125 * 160) / 255).margin(0.003));

  const Image image = waves(300, 300);
  for (const float factor : {1.3f, 1.7f, 2.0f, 2.6f, 3.4f, 3.9f}) {
    const Affine map = Affine::translation(150, 150) * Affine::rotation(0.3f) * Affine::scaling(factor, factor) *
                       Affine::translation(-32, -32);
    INFO("shrinking by " << factor);
    CHECK(area_error(image, map, 64) < 7.0);
  }
  // A checkerboard is grey from afar, and must not become stripes.
  Image board(256, 256);
  for (int y = 0; y < 256; ++y)
    for (int x = 0; x < 256; ++x)
      if ((x + y) % 2) board.set(x, y, {255, 255, 255});
  for (const float factor : {1.9f, 2.0f, 3.7f, 7.5f}) {
    INFO("shrinking by " << factor);
    for (const float v : warped(board, Affine::translation(8, 8) * Affine::scaling(factor, factor), 32, 32))
      REQUIRE(std::abs(v - 0.5f) < 0.08f);
  }
}

TEST_CASE("warp: what is shrunk in one direction keeps its lines in the other") {
  Image stripes(8, 400);
  for (int y = 0; y < stripes.height(); ++y)
    for (int x = 1; x < stripes.width(); x += 2) stripes.set(x, y, {255, 255, 255});
  for (const float down : {1.0f, 3.0f, 15.0f, 16.0f, 60.0f}) {
    INFO(down);
    std::vector<float> out(8 * 3);
    warp(stripes, Affine{1, 0, 0, 0, down, 200}, 8, 1, out);
    for (int x = 0; x < 8; ++x) CHECK(out[3 * static_cast<std::size_t>(x)] == Approx(x % 2).margin(0.01));
  }
  std::vector<float> far(8 * 3);
  warp(stripes, Affine{1, 0, 0, 0, 390, 200}, 8, 1, far);  // smoothed, too, and no worse
  for (const float v : far) CHECK((v >= 0 && v <= 1));
}

TEST_CASE("warp: constants are exact at every scale, inside and outside, on any size of source") {
  const Affine turn = Affine::rotation(0.5f);
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {33, 17}})
    for (const float factor : {0.1f, 1.0f, 1.5f, 2.9f, 3.0f, 8.0f, 40.0f})
      for (const int value : {0, 77, 255}) {
        const auto v = static_cast<std::uint8_t>(value);
        for (const float out : warped(Image(w, h, {v, v, v}), turn * Affine::scaling(factor, factor), 5, 6))
          if (out != static_cast<float>(value) / 255.0f) FAIL(w << "x" << h << " by " << factor << ": " << out);
      }
  // A map that flattens the picture to a line or a point still gives values.
  for (const float out : warped(Image(8, 8, {51, 51, 51}), {0, 0, 3, 0, 0, 3}, 4, 4)) CHECK(out == Approx(0.2));
  for (const float out : warped(Image(8, 8, {51, 51, 51}), {100, 0, 3, 0, 0.1f, 3}, 4, 4)) CHECK(out == Approx(0.2));
}

TEST_CASE("warp: the same bits again, and wrong arguments refused") {
  const Image image = noise(200, 150, 10);
  const Affine map = Affine::rotation(0.2f) * Affine::scaling(1.7f, 1.4f);
  CHECK(warped(image, map, 64, 64) == warped(image, map, 64, 64));
  std::vector<float> out(12);
  CHECK_THROWS_AS(warp(image, map, 2, 3, out), ArgumentError);
  CHECK_THROWS_AS(warp(image, map, 0, 3), ArgumentError);
  CHECK_THROWS_AS(warp(Image(), map, 2, 2), ArgumentError);
  CHECK_THROWS_AS(warp(image, {std::numeric_limits<float>::quiet_NaN(), 0, 0, 0, 1, 0}, 2, 2), ArgumentError);
  CHECK_THROWS_AS(warp(image, {1, 0, std::numeric_limits<float>::infinity(), 0, 1, 0}, 2, 2), ArgumentError);
}
