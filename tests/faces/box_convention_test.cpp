// Boxes of other detectors, turned into ours.
#include "lineament/faces/box_convention.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

constexpr BoxConvention kAll[] = {BoxConvention::points68,
                                  BoxConvention::haar_default,
                                  BoxConvention::haar_alt,
                                  BoxConvention::haar_alt2,
                                  BoxConvention::lbp,
                                  BoxConvention::lbp_improved,
                                  BoxConvention::dlib_hog,
                                  BoxConvention::blazeface,
                                  BoxConvention::ultra_light_320,
                                  BoxConvention::faceapi_tiny,
                                  BoxConvention::faceapi_mobilenet};

void check_equal(const Box& a, const Box& b) {
  CHECK(a.x == Approx(b.x).margin(1e-3));
  CHECK(a.y == Approx(b.y).margin(1e-3));
  CHECK(a.width == Approx(b.width));
  CHECK(a.height == Approx(b.height));
}

}  // namespace

TEST_CASE("factors move the centre by shares of the box's own sides, and scale these") {
  const Box theirs{100, 50, 80, 40};  // centre 140, 70
  CHECK(box_from(BoxFactors{}, theirs) == theirs);
  // Centre 140 + 0.25 * 80 = 160, 70 - 0.5 * 40 = 50; sides 40 and 60.
  CHECK(box_from(BoxFactors{0.25f, -0.5f, 0.5f, 1.5f}, theirs) == Box{140, 20, 40, 60});
}

TEST_CASE("our own boxes stay as they are") {
  CHECK(box_from(BoxConvention::points68, {1, 2, 30, 40}) == Box{1, 2, 30, 40});
}

TEST_CASE("every convention goes with a moved and scaled picture") {
  for (const BoxConvention convention : kAll) {
    const Box plain = box_from(convention, {20, 30, 64, 80});
    const Box scaled = box_from(convention, {3 * 20 + 7, 3 * 30 - 5, 3 * 64, 3 * 80});
    check_equal(scaled, {3 * plain.x + 7, 3 * plain.y - 5, 3 * plain.width, 3 * plain.height});
  }
}

TEST_CASE("every convention has a name, and no two have the same factors") {
  const char* names[] = {"points68",         "haar_default", "haar_alt",  "haar_alt2",       "lbp",
                         "lbp_improved",     "dlib_hog",     "blazeface", "ultra_light_320", "faceapi_tiny",
                         "faceapi_mobilenet"};
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    CHECK(box_convention(names[i]) == kAll[i]);
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(box_factors(kAll[i]) == box_factors(kAll[j]));
  }
  CHECK_THROWS_WITH(box_convention("retinaface"), Catch::Contains("dlib_hog") && Catch::Contains("got retinaface"));
  CHECK_THROWS_AS(box_factors(static_cast<BoxConvention>(1000)), ArgumentError);
}

TEST_CASE("all detectors look at more forehead than the points' box has, and at both sides alike") {
  for (const BoxConvention convention : kAll) {
    if (convention == BoxConvention::points68) continue;
    const Box ours = box_from(convention, {-0.5f, -0.5f, 1, 1});
    CHECK(std::abs(ours.center().x) < 0.03f);
    CHECK(ours.center().y > 0);
    CHECK(ours.center().y < 0.2f);
    CHECK(ours.width / ours.height > 0.9f);
    CHECK(ours.width > 0.7f);
    CHECK(ours.width < 1.4f);
  }
}

TEST_CASE("factors are found again, also where a third of the pairs are wrong") {
  const BoxFactors truth{-0.02f, 0.13f, 0.86f, 0.91f};
  std::vector<Box> theirs, ours;
  Random random(1, 2, 3);
  for (int i = 0; i < 90; ++i) {
    const float side = random.uniform(30, 300);
    theirs.push_back({random.uniform(0, 500), random.uniform(0, 500), side, side * random.uniform(0.8f, 1.2f)});
    Box exact = box_from(truth, theirs.back());
    // Off alike to both sides, but for the wrong pairs.
    exact.x += (i % 2 == 0 ? 0.01f : -0.01f) * side;
    ours.push_back(i % 3 == 0 ? Box{random.uniform(0, 500), random.uniform(0, 500), 60, 60} : exact);
  }
  const BoxFactors found = fit_box_factors(theirs, ours);
  CHECK(found.x == Approx(truth.x).margin(0.0101));
  CHECK(found.y == Approx(truth.y).margin(0.002));
  CHECK(found.width == Approx(truth.width).margin(0.002));
  CHECK(found.height == Approx(truth.height).margin(0.002));
}

TEST_CASE("the median of an even number of pairs is the mean of the middle two") {
  const std::vector<Box> theirs(4, Box{0, 0, 10, 10});
  const std::vector<Box> ours{{0, 0, 1, 10}, {0, 0, 8, 10}, {0, 0, 6, 10}, {0, 0, 90, 10}};
  CHECK(fit_box_factors(theirs, ours).width == Approx(0.7));
}

TEST_CASE("boxes without a size and lists that do not fit are refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (const Box& bad : {Box{0, 0, 0, 5}, Box{0, 0, 5, -1}, Box{0, 0, nan, 5}, Box{nan, 0, 5, 5}, Box{0, 0, inf, 5}}) {
    CHECK_THROWS_AS(box_from(BoxConvention::dlib_hog, bad), ArgumentError);
    CHECK_THROWS_AS(box_from(BoxFactors{}, bad), ArgumentError);
    CHECK_THROWS_AS(fit_box_factors(std::vector<Box>{bad}, std::vector<Box>{{0, 0, 5, 5}}), ArgumentError);
    CHECK_THROWS_AS(fit_box_factors(std::vector<Box>{{0, 0, 5, 5}}, std::vector<Box>{bad}), ArgumentError);
  }
  for (const BoxFactors& bad : {BoxFactors{nan, 0, 1, 1}, BoxFactors{0, 0, 0, 1}, BoxFactors{0, 0, 1, nan}})
    CHECK_THROWS_AS(box_from(bad, Box{0, 0, 1, 1}), ArgumentError);
  CHECK_THROWS_AS(fit_box_factors({}, {}), ArgumentError);
  CHECK_THROWS_AS(fit_box_factors(std::vector<Box>(2, Box{0, 0, 5, 5}), std::vector<Box>(1, Box{0, 0, 5, 5})),
                  ArgumentError);
}
