// The parts that change a crop's look, one by one.
#include "lineament/faces/augment_pixels.hpp"

#include <numeric>
#include <vector>

#include "catch.hpp"

using namespace lineament;

namespace {

constexpr int kSide = 64;
std::vector<float> filled(float v) {
  return std::vector<float>(kSide * kSide * 3, v);
}
std::size_t at(int x, int y, int c) {
  return static_cast<std::size_t>((y * kSide + x) * 3 + c);
}

double mean(const std::vector<float>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

/// Mean and deviation of the crop's brightness along x or y.
double spread(const std::vector<float>& v, bool along_x) {
  double sum = 0, first = 0, second = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double w = v[at(x, y, 1)], p = along_x ? x : y;
      sum += w;
      first += w * p;
      second += w * p * p;
    }
  }
  return std::sqrt(second / sum - first * first / sum / sum);
}

}  // namespace

TEST_CASE("blur has the deviation asked for and keeps the light") {
  std::vector<float> pixels = filled(0);
  pixels[at(30, 33, 1)] = 1;
  detail::blur(pixels, kSide, 1.7f, 0.6f);
  CHECK(spread(pixels, true) == Approx(1.7).epsilon(1e-3));
  CHECK(spread(pixels, false) == Approx(0.6).epsilon(1e-3));
  CHECK(std::accumulate(pixels.begin(), pixels.end(), 0.0) == Approx(1));
  CHECK(pixels[at(30, 33, 0)] == 0);  // Colours do not mix.
  CHECK(pixels[at(30, 33, 2)] == 0);

  std::vector<float> flat = filled(0.3f);
  detail::blur(flat, kSide, 2, 2);
  for (const float v : flat) REQUIRE(v == Approx(0.3f));
}

TEST_CASE("noise has no mean and the deviation asked for") {
  std::vector<float> pixels = filled(0.5f);
  detail::add_noise(pixels, 0.05f, 123);
  double square = 0;
  for (const float v : pixels) square += (v - 0.5) * (v - 0.5) / static_cast<double>(pixels.size());
  CHECK(mean(pixels) == Approx(0.5).margin(0.002));
  CHECK(std::sqrt(square) == Approx(0.05).epsilon(0.03));
  // Neighbours are not alike.
  double product = 0;
  for (std::size_t i = 1; i < pixels.size(); ++i) product += (pixels[i] - 0.5) * (pixels[i - 1] - 0.5);
  CHECK(std::abs(product / static_cast<double>(pixels.size())) < 0.05 * square);
}

TEST_CASE("tone: gain, offset, side light and curve") {
  std::vector<float> pixels = filled(0.4f);
  detail::apply({.gain = {0.5f, 1, 2}, .offset = 0.1f}, pixels, kSide);
  CHECK(pixels[at(5, 6, 0)] == Approx(0.3f));
  CHECK(pixels[at(5, 6, 1)] == Approx(0.5f));
  CHECK(pixels[at(5, 6, 2)] == Approx(0.9f));

  pixels = filled(0.4f);
  detail::apply({.slope_x = 0.5f, .slope_y = -0.25f}, pixels, kSide);
  CHECK(pixels[at(63, 63, 0)] == Approx(0.4f * (1 + 0.25f * 63 / 64)));
  CHECK(pixels[at(0, 63, 2)] == Approx(0.4f * (1 - 0.75f * 63 / 64)));

  for (const float v : {0.0f, 0.25f, 0.5f, 1.0f}) {
    pixels = filled(v);
    detail::apply({.bend = -1}, pixels, kSide);
    CHECK(pixels[0] == Approx(v * v));
  }
  pixels = filled(0.9f);
  detail::apply({.gain = {3, -3, 1}}, pixels, kSide);
  CHECK(pixels[0] == 1);
  CHECK(pixels[1] == 0);
}

TEST_CASE("no saturation is grey of the same brightness") {
  std::vector<float> pixels = filled(0);
  for (std::size_t i = 0; i < pixels.size(); i += 3) pixels[i] = 1;
  detail::saturate(pixels, 0);
  for (const float v : pixels) REQUIRE(v == Approx(0.299f));
}

TEST_CASE("a patch covers no more than its largest size") {
  Random random(8);
  int touched = 0;
  for (int n = 0; n < 200; ++n) {
    std::vector<float> pixels = filled(2);  // No patch has this colour.
    detail::occlude(pixels, kSide, 0.25f, random);
    int left = kSide, right = -1, top = kSide, bottom = -1;
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        if (pixels[at(x, y, 0)] == 2) continue;
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = std::max(bottom, y);
      }
    }
    if (right < 0) continue;
    ++touched;
    REQUIRE(right - left <= kSide / 4 + 1);
    REQUIRE(bottom - top <= kSide / 4 + 1);
  }
  CHECK(touched > 150);
}

TEST_CASE("a strengthened colour alone stays in range") {
  AugmentOptions options = augment_level("none");
  options.saturation = 1;
  for (std::uint64_t n = 0; n < 50; ++n) {
    std::vector<float> pixels = filled(0);
    for (std::size_t i = 0; i < pixels.size(); i += 3) pixels[i] = 1;
    Random random(n);
    augment_pixels(pixels, kSide, options, random);
    for (const float v : pixels) REQUIRE((v >= 0 && v <= 1));
  }
}
