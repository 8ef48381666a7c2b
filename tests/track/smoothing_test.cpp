// FaceSmoother: still at rest, there in movement, the same for faces of all sizes and films of all rates.
#include "lineament/track/smoothing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/drawn_film.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

const Landmarks& shape() {
  static const Landmarks points = draw_film_frame(4, 0, {.size = 128, .noise = 0, .motion = 0}).points;
  return points;
}
Landmarks placed(const Affine& place) {
  Landmarks points = shape();
  for (Point& p : points) p = place(p);
  return points;
}
Landmarks trembling(Landmarks points, std::uint64_t frame, float deviation) {
  Random random(11, frame);
  for (Point& p : points) p = p + Point{random.normal(0, deviation), random.normal(0, deviation)};
  return points;
}
float rms(const Landmarks& a, const Landmarks& b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (a[i].x - b[i].x) * (a[i].x - b[i].x) + (a[i].y - b[i].y) * (a[i].y - b[i].y);
  return std::sqrt(sum / static_cast<float>(a.size()));
}
Landmarks next(FaceSmoother& smoother, const Landmarks& found, double seconds, std::span<const float> spread = {}) {
  Landmarks steady(found.size());
  smoother.next(found, spread, seconds, steady);
  return steady;
}

}  // namespace

TEST_CASE("at rest what trembles is held to a third at most, and lies nearer to the truth") {
  FaceSmoother smoother;
  Landmarks before, raw_before;
  float steady_change = 0, raw_change = 0, steady_error = 0, raw_error = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Landmarks raw = trembling(shape(), i, 0.3f), steady = next(smoother, raw, static_cast<double>(i) / 25);
    if (i > 25) {
      steady_change += rms(steady, before);
      raw_change += rms(raw, raw_before);
      steady_error += rms(steady, shape());
      raw_error += rms(raw, shape());
    }
    before = steady;
    raw_before = raw;
  }
  CHECK(steady_change < raw_change / 3);
  CHECK(steady_error < raw_error / 2);
}

TEST_CASE("a fast shift, turn or growth is followed within a fraction of a frame") {
  const Affine middle = Affine::translation(-64, -64);
  const auto moves = GENERATE(0, 1, 2);
  FaceSmoother smoother;
  float behind = 0, step = 0;
  for (int i = 0; i < 60; ++i) {
    const float t = static_cast<float>(std::max(0, i - 20));  // rest first
    Affine place = middle;
    if (moves == 0) place = Affine::translation(4 * t, 2 * t) * middle;
    if (moves == 1) place = Affine::rotation(0.08f * t) * middle;
    if (moves == 2) place = Affine::scaling(1 + 0.06f * t, 1 + 0.06f * t) * middle;
    static Landmarks truth_before;
    const Landmarks truth = placed(place);
    const Landmarks steady = next(smoother, trembling(truth, static_cast<std::uint64_t>(i), 0.1f), i / 25.0);
    if (i > 25) {
      behind += rms(steady, truth);
      step += rms(truth, truth_before);
    }
    truth_before = truth;
  }
  CHECK(behind < 0.25f * step);
}

TEST_CASE("a movement that begins from rest is given way to at once") {
  FaceSmoother smoother;
  for (int i = 0; i < 50; ++i) next(smoother, shape(), i / 25.0);
  Landmarks truth;
  for (int i = 1; i <= 3; ++i) {
    truth = placed(Affine::translation(5 * static_cast<float>(i), 0));
    const Landmarks steady = next(smoother, truth, (49 + i) / 25.0);
    CHECK(rms(steady, truth) < 5);  // less than one frame behind from the first on
  }
}

TEST_CASE("one eye that closes is seen while the rest of the face is held") {
  FaceSmoother smoother;
  Landmarks found = shape(), steady;
  const Point upper = shape()[37], lower = shape()[41];
  for (int i = 0; i < 50; ++i)
    steady = next(smoother, trembling(shape(), static_cast<std::uint64_t>(i), 0.1f), i / 25.0);
  for (int i = 50; i < 56; ++i) {
    found = trembling(shape(), static_cast<std::uint64_t>(i), 0.1f);
    for (const int k : {37, 38})
      found[static_cast<std::size_t>(k)] =
          found[static_cast<std::size_t>(k)] +
          Point{0, static_cast<float>(std::min(i - 49, 4)) * 0.25f * (lower.y - upper.y)};
    steady = next(smoother, found, i / 25.0);
  }
  CHECK(std::abs(steady[37].y - found[37].y) < 0.4f * (lower.y - upper.y));
  CHECK(distance(steady[8], shape()[8]) < 0.2f);
}

TEST_CASE("size of the face and place in the picture do not matter") {
  FaceSmoother small, large;
  for (int i = 0; i < 40; ++i) {
    const Landmarks raw =
        trembling(placed(Affine::translation(static_cast<float>(i % 9), 0)), static_cast<std::uint64_t>(i), 0.5f);
    Landmarks grown = raw;
    for (Point& p : grown) p = p * 8 + Point{300, 100};
    const Landmarks a = next(small, raw, i / 25.0);
    Landmarks b = next(large, grown, i / 25.0);
    for (Point& p : b) p = (p - Point{300, 100}) * 0.125f;
    CHECK(rms(a, b) < 2e-3f);
  }
}

TEST_CASE("points that are less sure are held harder") {
  FaceSmoother smoother;
  std::vector<float> spread(shape().size(), 1);
  for (std::size_t i = 0; i < 34; ++i) spread[i] = 3;
  float unsure = 0, sure = 0;
  Landmarks before;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const Landmarks steady = next(smoother, trembling(shape(), i, 0.4f), static_cast<double>(i) / 25, spread);
    for (std::size_t k = 0; i > 50 && k < steady.size(); ++k)
      (k < 34 ? unsure : sure) += distance(steady[k], before[k]);
    before = steady;
  }
  CHECK(unsure < 0.7f * sure);
}

TEST_CASE("a first frame, a gap, another number of points, and a restart begin anew") {
  FaceSmoother smoother;
  const Landmarks far = placed(Affine::translation(3, 3));
  CHECK(next(smoother, shape(), 1) == shape());
  CHECK(next(smoother, far, 1.04) != far);
  CHECK(next(smoother, far, 1.6) == far);
  CHECK(next(smoother, shape(), 1.64) != shape());
  smoother.restart();
  CHECK(next(smoother, shape(), 0.5) == shape());  // time of another film
  const Landmarks few(far.begin(), far.begin() + 5);
  CHECK(next(smoother, few, 0.6) == few);
}

TEST_CASE("a point that is not finite leaves no trace") {
  FaceSmoother smoother;
  next(smoother, shape(), 0);
  Landmarks broken = shape();
  broken[3].x = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(next(smoother, broken, 0.04)[3].x));
  CHECK(next(smoother, shape(), 0.08) == shape());
  const Landmarks heap(68, Point{5, 5});
  CHECK(rms(next(smoother, heap, 0.12), heap) < 1e-3f);
  const Landmarks huge = placed(Affine::scaling(1e30f, 1e30f));
  for (int i = 0; i < 3; ++i)
    for (const Point& p : next(smoother, i % 2 == 0 ? huge : shape(), 0.2 + i)) CHECK(std::isfinite(p.x));
}

TEST_CASE("a spread that is not finite leaves no trace") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::max()}) {
    FaceSmoother smoother;
    const std::vector<float> good(shape().size(), 1);
    std::vector<float> broken = good;
    broken[5] = bad;
    const Landmarks far = placed(Affine::translation(3, 3));
    next(smoother, shape(), 0, good);
    CHECK(next(smoother, far, 0.04, broken) == far);
    CHECK(next(smoother, shape(), 0.08, good) == shape());
    for (const Point& p : next(smoother, far, 0.12, good)) CHECK((std::isfinite(p.x) && std::isfinite(p.y)));
    std::fill(broken.begin(), broken.end(), bad);
    next(smoother, far, 0.16, broken);
    next(smoother, far, 0.2, broken);
    for (const Point& p : next(smoother, far, 0.24, good)) CHECK((std::isfinite(p.x) && std::isfinite(p.y)));
  }
}

TEST_CASE("points so far apart that their size is no number leave no trace") {
  FaceSmoother smoother;
  next(smoother, placed(Affine::scaling(1e30f, 1e30f)), 0);
  next(smoother, placed(Affine::scaling(1e30f, 1e30f)), 0.04);
  next(smoother, shape(), 0.08);
  for (const Point& p : next(smoother, shape(), 0.12)) CHECK((std::isfinite(p.x) && std::isfinite(p.y)));
}

TEST_CASE("points may be smoothed in place") {
  FaceSmoother smoother, other;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Landmarks points = trembling(shape(), i, 0.4f);
    const Landmarks apart = next(other, points, static_cast<double>(i) / 25);
    smoother.next(points, {}, static_cast<double>(i) / 25, points);
    CHECK(points == apart);
  }
}

TEST_CASE("time goes on through frames without a face, and does not begin with what is no time") {
  FaceSmoother smoother;
  Landmarks points = shape(), nowhere(points.size(), Point{std::nanf(""), 0});
  CHECK_THROWS_AS(smoother.next(points, {}, std::nan(""), points), ArgumentError);
  CHECK_NOTHROW(smoother.next(points, {}, 1, points));
  CHECK_NOTHROW(smoother.next(nowhere, {}, 2, nowhere));
  CHECK_THROWS_AS(smoother.next(points, {}, 1.5, points), ArgumentError);
  CHECK_NOTHROW(smoother.next(points, {}, 2.5, points));
  smoother.restart();
  CHECK_NOTHROW(smoother.next(points, {}, 0, points));
}

TEST_CASE("what makes no sense is refused") {
  FaceSmoother smoother;
  Landmarks points = shape(), few(5);
  const std::vector<float> one{1};
  next(smoother, points, 1);
  CHECK_THROWS_AS(smoother.next(points, {}, 1, points), ArgumentError);
  CHECK_THROWS_AS(smoother.next(points, {}, std::nan(""), points), ArgumentError);
  CHECK_THROWS_AS(smoother.next(points, {}, 2, few), ArgumentError);
  CHECK_THROWS_AS(smoother.next(points, one, 2, points), ArgumentError);
  CHECK_THROWS_AS(FaceSmoother({.rest_cutoff = 0}), ArgumentError);
  CHECK_THROWS_AS(FaceSmoother({.own_share = -1}), ArgumentError);
  CHECK_THROWS_AS(FaceSmoother({.longest_gap = 0}), ArgumentError);
}

TEST_CASE("times as near to one another as a double can tell leave points where they are") {
  const Landmarks points = draw_face(3, 1, {.size = 96}).points;
  FaceSmoother smoother;
  Landmarks steady(points.size());
  for (const double seconds : {0.0, 1e-300, 2e-300, 1e-12}) {
    smoother.next(points, {}, seconds, steady);
    for (std::size_t i = 0; i < points.size(); ++i) CHECK(distance(steady[i], points[i]) < 1e-3f);
  }
}
