// Aligned crops of drawn faces, turned and scaled.
#include "lineament/faces/aligned_crop.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/warp.hpp"

using namespace lineament;

namespace {

double squares(const Affine& m, const std::vector<Point>& from, const std::vector<Point>& to) {
  double sum = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point d = m(from[i]) - to[i];
    sum += static_cast<double>(d.x * d.x + d.y * d.y);
  }
  return sum;
}

/// Mean difference of two pictures' middles, of 255.
double difference(const Image& a, const Image& b) {
  double sum = 0;
  int count = 0;
  for (int y = a.height() / 8; y < a.height() * 7 / 8; ++y)
    for (int x = a.width() / 8; x < a.width() * 7 / 8; ++x, ++count)
      sum += std::abs(static_cast<double>(a.at(x, y).g) - static_cast<double>(b.at(x, y).g));
  return sum / count;
}

}  // namespace

TEST_CASE("a similarity is found again") {
  const Affine truth = Affine::translation(30, -12) * Affine::rotation(0.7f) * Affine::scaling(1.6f, 1.6f);
  const std::vector<Point> from{{1, 2}, {40, 5}, {17, 33}, {-5, 60}};
  std::vector<Point> to;
  for (const Point& p : from) to.push_back(truth(p));
  const Affine found = similarity(from, to);
  for (const Point& p : from) CHECK(distance(found(p), truth(p)) < 1e-4f);
  CHECK(found.a == found.e);
  CHECK(found.b == -found.d);
}

TEST_CASE("of points that no similarity takes to one another, no nearby one is better") {
  const std::vector<Point> from{{0, 0}, {10, 1}, {4, 12}, {9, 9}}, to{{3, 3}, {9, -8}, {20, 2}, {14, 6}};
  const Affine best = similarity(from, to);
  const double least = squares(best, from, to);
  for (const float step : {-0.01f, 0.01f}) {
    CHECK(squares(Affine::translation(step, 0) * best, from, to) > least);
    CHECK(squares(Affine::translation(0, step) * best, from, to) > least);
    CHECK(squares(best * Affine::rotation(step), from, to) > least);
    CHECK(squares(best * Affine::scaling(1 + step, 1 + step), from, to) > least);
  }
  // Mirrored points get the best map that does not mirror.
  std::vector<Point> mirrored = from;
  for (Point& p : mirrored) p.x = -p.x;
  const Affine m = similarity(from, mirrored);
  CHECK(m.a * m.e - m.b * m.d > 0);
}

TEST_CASE("the five points of drawn faces come near the template, in crops of any size") {
  for (const int size : {56, 112, 224}) {
    const float unit = static_cast<float>(size) / 112;
    float largest = 0, mean = 0;
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Landmarks points = draw_face(4, i, {.size = 32, .max_yaw = 20, .max_pitch = 15}).points;
      const Affine to_crop = aligned_crop(points, size).inverse();
      const auto five = five_points(points);
      for (std::size_t k = 0; k < 5; ++k) {
        // Counted from the crop's edge, places are as far as the crop is large.
        const Point at = (to_crop(five[k]) + Point{0.5f, 0.5f}) * (1 / unit) - Point{0.5f, 0.5f};
        const float off = distance(at, kArcFacePlaces[k]);
        largest = std::max(largest, off), mean += off / 500;
      }
    }
    CHECK(mean < 3.5f);
    CHECK(largest < 14);
  }
}

TEST_CASE("crops of one face agree, whatever the picture's turn and scale") {
  for (std::uint64_t i = 0; i < 4; ++i) {
    const DrawnFace face = draw_face(4, i, {.size = 300});
    const Image plain = warp(face.image, aligned_crop(face.points, 112), 112, 112);
    CHECK(plain.width() == 112);
    for (const float turn : {0.5f, -2.0f, 3.0f}) {
      const float scale = turn > 0 ? 1.25f : 0.8f;
      const Affine to_new = Affine::translation(250, 240) * Affine::rotation(turn) * Affine::scaling(scale, scale) *
                            Affine::translation(-150, -150);
      Landmarks points = face.points;
      std::transform(points.begin(), points.end(), points.begin(), to_new);
      const Image picture = warp(face.image, to_new.inverse(), 500, 480);
      const Image aligned = warp(picture, aligned_crop(points, 112), 112, 112);
      INFO("face " << i << " turn " << turn);
      CHECK(difference(plain, aligned) < 3);
    }
    // Another face's crop is another picture: the measure tells.
    const DrawnFace other = draw_face(4, i + 10, {.size = 300});
    CHECK(difference(plain, warp(other.image, aligned_crop(other.points, 112), 112, 112)) > 12);
  }
}

TEST_CASE("points and sizes that give no crop are refused") {
  const Landmarks points = draw_face(4, 0).points;
  CHECK_THROWS_AS(aligned_crop(Landmarks(5)), ArgumentError);
  CHECK_THROWS_AS(aligned_crop(Landmarks(kPoints)), ArgumentError);
  CHECK_THROWS_AS(aligned_crop(points, 7), ArgumentError);
  CHECK_THROWS_AS(aligned_crop(points, 5000), ArgumentError);
  Landmarks missing = points;
  missing[0] = kUnknownPoint;  // which is not needed
  CHECK_NOTHROW(aligned_crop(missing));
  missing[54] = kUnknownPoint;
  CHECK_THROWS_WITH(aligned_crop(missing), Catch::Contains("no point 54"));
  CHECK_THROWS_AS(similarity(std::vector<Point>{{1, 1}}, std::vector<Point>{{1, 1}}), ArgumentError);
  CHECK_THROWS_AS(similarity(std::vector<Point>{{1, 1}, {2, 2}}, std::vector<Point>{{1, 1}}), ArgumentError);
}
