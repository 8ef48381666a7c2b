// Augmentation: image and points move together, "none" is the crop of inference, and the look's parts do what they say.
#include "lineament/faces/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "catch.hpp"

using namespace lineament;

namespace {

constexpr int kSide = 128;
constexpr std::size_t kPixels = kSide * kSide * 3;

/// 68 points on a spiral inside a 300 x 280 photo: no two in one place, no symmetry.
Landmarks spiral() {
  Landmarks p(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const float t = 0.35f * static_cast<float>(i), r = 8 + static_cast<float>(i);
    p[i] = {150 + r * std::cos(t), 138 + r * std::sin(t)};
  }
  return p;
}

Image with_dot(Point center) {
  Image image(300, 280);
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const float d = distance({static_cast<float>(x), static_cast<float>(y)}, center);
      const auto v = static_cast<std::uint8_t>(255 * std::exp(-d * d / 8));
      image.set(x, y, {v, v, v});
    }
  }
  return image;
}

/// The picture's centre of brightness; total 0 means no dot.
Point centroid(std::span<const float> pixels, float& total) {
  Point sum;
  total = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const float v = pixels[static_cast<std::size_t>(y * kSide + x) * 3];
      sum = sum + Point{static_cast<float>(x), static_cast<float>(y)} * v;
      total += v;
    }
  }
  return sum * (1 / total);
}

Image textured(int width, int height) {
  Image image(width, height);
  Random random(3);
  for (auto& v : image.pixels()) v = static_cast<std::uint8_t>(random.below(256));
  return image;
}

AugmentOptions geometry_only(std::string_view level) {
  AugmentOptions o = augment_level(level), g = augment_level("none");
  g.mirror = o.mirror;
  g.rotation = o.rotation;
  g.scale = o.scale;
  g.shift = o.shift;
  g.aspect = o.aspect;
  g.box_jitter = o.box_jitter;
  return g;
}

struct Sample {
  std::vector<float> pixels = std::vector<float>(kPixels), values = std::vector<float>(kValues);
};

Sample prepared(const Image& image, const Landmarks& points, const AugmentOptions& options, Random random) {
  Sample s;
  prepare_sample(image, points, bounding_box(points), {kSide, 0.15f}, options, random, {s.pixels, s.values});
  return s;
}

}  // namespace

TEST_CASE("points and pixels move together") {
  const Landmarks points = spiral();
  const Affine plain = crop_to_image(bounding_box(points), {kSide, 0.15f});
  int seen = 0, flipped = 0;
  for (std::uint64_t n = 0; n < 300; ++n) {
    const std::size_t dot = (n * 7) % kPoints;
    const Random random(5, n);
    const AugmentOptions options = geometry_only(n % 2 == 0 ? "standard" : "strong");
    const Sample s = prepared(with_dot(points[dot]), points, options, random);
    bool mirrored = false;
    Random again = random;
    augment_geometry(plain, kSide, options, again, mirrored);
    // In a mirrored picture the dot stands where the point's counterpart is named.
    const std::size_t name = mirrored ? static_cast<std::size_t>(ibug_68().mirror[dot]) : dot;
    const Point expected = values_to_crop_points(s.values, kSide)[name];
    if (std::min(expected.x, expected.y) < 7 || std::max(expected.x, expected.y) > kSide - 8) continue;  // Dot is cut.
    float total = 0;
    const Point found = centroid(s.pixels, total);
    REQUIRE(total > 1);
    INFO("sample " << n << ", point " << dot << ", mirrored " << mirrored);
    REQUIRE(distance(found, expected) < 0.06f);
    ++seen;
    flipped += mirrored ? 1 : 0;
  }
  CHECK(seen > 200);
  CHECK(flipped > seen / 4);
  CHECK(flipped < seen * 3 / 4);
}

TEST_CASE("a face mirrored twice is the face") {
  AugmentOptions mirror = augment_level("none");
  mirror.mirror = 1;
  const Affine plain = crop_to_image({40, 30, 100, 120}, {kSide, 0.15f});
  Random random(1);
  bool first = false, second = false;
  const Affine once = augment_geometry(plain, kSide, mirror, random, first);
  const Affine twice = augment_geometry(once, kSide, mirror, random, second);
  CHECK(first);
  CHECK(second);
  CHECK(distance(once({0, 5}), plain({127, 5})) < 1e-3f);
  for (const Point p : {Point{0, 0}, Point{127, 3}, Point{50, 90}}) CHECK(distance(twice(p), plain(p)) < 1e-3f);

  std::vector<float> values(kValues);
  std::iota(values.begin(), values.end(), 0.0f);
  const std::vector<float> original = values;
  mirror_values(values);
  CHECK(values[2 * 36] == 2 * 45);  // What was the right eye's outer corner is now the left one's.
  CHECK(values[2 * 45 + 1] == 2 * 36 + 1);
  CHECK(values[2 * 8] == 2 * 8);
  mirror_values(values);
  CHECK(values == original);
}

TEST_CASE("without augmentation a sample is the crop of inference, bit for bit") {
  const Image image = textured(211, 187);
  const Landmarks points = spiral();
  const Box box{33.3f, 21.7f, 111.1f, 97.3f};
  const Preprocessing preprocessing{kSide, 0.15f};
  const Affine map = crop_to_image(box, preprocessing);
  Sample expected, got;
  crop(image, map, kSide, expected.pixels);
  points_to_values(points, map, kSide, expected.values);
  for (std::uint64_t n = 0; n < 20; ++n) {
    prepare_sample(image, points, box, preprocessing, augment_level("none"), Random(9, n), {got.pixels, got.values});
    REQUIRE(got.pixels == expected.pixels);
    REQUIRE(got.values == expected.values);
  }
}

TEST_CASE("a sample depends on its random stream alone, and its pixels stay in range") {
  const Image image = textured(300, 280);
  for (std::uint64_t n = 0; n < 200; ++n) {
    const Sample a = prepared(image, spiral(), augment_level("strong"), Random(2, n));
    const Sample b = prepared(image, spiral(), augment_level("strong"), Random(2, n));
    REQUIRE(a.pixels == b.pixels);
    REQUIRE(a.values == b.values);
    REQUIRE(std::all_of(a.pixels.begin(), a.pixels.end(), [](float v) { return v >= 0 && v <= 1; }));
    const Sample c = prepared(image, spiral(), augment_level("strong"), Random(2, n + 1000));
    REQUIRE(a.values != c.values);
    REQUIRE(a.pixels != c.pixels);
  }
}

TEST_CASE("the map stays within two deviations and is unbiased") {
  AugmentOptions options = augment_level("none");
  options.rotation = 10;
  options.scale = 0.1f;
  double turn = 0, turn2 = 0, log_scale = 0;
  const int n = 4000;
  Random random(4);
  for (int i = 0; i < n; ++i) {
    bool mirrored = true;
    const Affine m = augment_geometry({}, kSide, options, random, mirrored);
    REQUIRE_FALSE(mirrored);
    const double degrees = std::atan2(m.b, m.a) * 57.29578;
    REQUIRE(std::abs(degrees) < 20.01);
    turn += degrees / n;
    turn2 += degrees * degrees / n;
    const double s = 0.5 * std::log(m.a * m.e - m.b * m.d);
    REQUIRE(std::abs(s) < 0.2001);
    log_scale += s / n;
    // Turned and scaled about the centre.
    REQUIRE(distance(m({63.5f, 63.5f}), {63.5f, 63.5f}) < 1e-3f);
  }
  CHECK(std::abs(turn) < 0.6);
  CHECK(std::sqrt(turn2) == Approx(9.6).epsilon(0.05));  // The cut takes a little off.
  CHECK(std::abs(log_scale) < 0.006);
}

TEST_CASE("levels are known by name") {
  CHECK(augment_level("standard") == AugmentOptions{});
  CHECK(augment_level("light").rotation == AugmentOptions{}.rotation / 2);
  CHECK(augment_level("strong").rotation > AugmentOptions{}.rotation);
  CHECK(augment_level("light").mirror == 0.5f);
  CHECK(augment_level("none").mirror == 0);
  CHECK_THROWS_WITH(augment_level("wild"),
                    Catch::Contains("none, light, standard, strong or drawn") && Catch::Contains("wild"));
  Sample s;
  s.values.resize(134);
  CHECK_THROWS_AS(prepare_sample(Image(9, 9), {}, {0, 0, 9, 9}, {}, {}, Random(1), {s.pixels, s.values}),
                  ArgumentError);
}
