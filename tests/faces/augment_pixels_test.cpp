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

TEST_CASE("a filter is a sum over neighbours and colours, and keeps mean and contrast before it is cut") {
  // The same written down as plainly as can be, with the draws in the same order.
  std::vector<float> pixels(kSide * kSide * 3);
  Random values(3);
  for (float& v : pixels) v = 0.4f + 0.2f * values.uniform();  // far enough from 0 and 1 that nothing is cut
  Random draws(7, 1);
  double weights[3][3][3][3];
  for (auto& row : weights)
    for (auto& dx : row)
      for (auto& to : dx)
        for (double& from : to) from = static_cast<double>(draws.normal());
  const double own = static_cast<double>(draws.uniform());
  std::vector<double> made(pixels.size());
  const auto clamped = [](int i) { return std::clamp(i, 0, kSide - 1); };
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      for (int to = 0; to < 3; ++to)
        for (int row = 0; row < 3; ++row)
          for (int dx = 0; dx < 3; ++dx)
            for (int from = 0; from < 3; ++from)
              made[at(x, y, to)] += weights[row][dx][to][from] *
                                    static_cast<double>(pixels[at(clamped(x + dx - 1), clamped(y + row - 1), from)]);
  const auto moments = [](const auto& list) {
    double sum = 0, squares = 0;
    for (const auto v : list) sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
    const double n = static_cast<double>(list.size());
    return std::pair(sum / n, std::sqrt(squares / n - sum / n * sum / n));
  };
  const auto [mean_of, deviation] = moments(pixels);
  const auto [made_mean, made_deviation] = moments(made);
  const std::vector<float> before = pixels;
  Random random(7, 1);
  detail::filter(pixels, kSide, random);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const double wanted = own * static_cast<double>(before[i]) +
                          (1 - own) * (mean_of + deviation / made_deviation * (made[i] - made_mean));
    REQUIRE(static_cast<double>(pixels[i]) == Approx(wanted).margin(2e-3));
  }
  CHECK_FALSE(pixels == before);
}

TEST_CASE("a filter of a crop of one colour leaves it in [0, 1], whatever it is") {
  for (const float level : {0.0f, 0.3f, 1.0f}) {
    std::vector<float> flat = filled(level);
    Random random(5);
    detail::filter(flat, kSide, random);
    for (const float v : flat) REQUIRE((v >= 0 && v <= 1));
  }
}
