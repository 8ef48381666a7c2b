// Metrics against numbers worked by hand.
#include "lineament/faces/metrics.hpp"

#include <limits>

#include "catch.hpp"

using namespace lineament;

namespace {

/// Inter-ocular 140; eye centres at -20/6 and 100 + 20/6, so inter-pupil 320/3; box 140 x 105, diagonal 175.
Landmarks truth() {
  Landmarks p(kPoints);
  std::fill(p.begin(), p.end(), Point{50, 50});
  for (std::size_t i = 36; i <= 41; ++i) p[i] = {0, 0};
  for (std::size_t i = 42; i <= 47; ++i) p[i] = {100, 0};
  p[36] = {-20, 0};
  p[45] = {120, 0};
  p[8] = {50, 105};
  return p;
}

Landmarks moved(Landmarks p, std::size_t first, std::size_t last, Point by) {
  for (std::size_t i = first; i <= last; ++i) p[i] = p[i] + by;
  return p;
}

}  // namespace

TEST_CASE("NME is the mean error over the chosen length of the truth") {
  const Landmarks all = moved(truth(), 0, 67, {3, 4});  // Every point off by 5.
  CHECK(nme(all, truth()) == Approx(500.0 / 140));
  CHECK(nme(all, truth(), Normalisation::inter_pupil) == Approx(500.0 * 3 / 320));
  CHECK(nme(all, truth(), Normalisation::box_diagonal) == Approx(500.0 / 175));
  CHECK(nme(truth(), truth()) == 0);

  // The prediction's own size must not matter.
  Landmarks wide = truth();
  wide[45] = {260, 0};
  CHECK(nme(wide, truth()) == Approx(100 * 140.0 / 68 / 140));
}

TEST_CASE("NME of one part of the face looks at its points only") {
  const Landmarks mouth = moved(truth(), 48, 67, {0, 7});
  const auto of_region = [&](std::size_t i) {
    return 100 * mean_error(mouth, truth(), ibug_68().regions[i].points) /
           normaliser(truth(), Normalisation::inter_ocular);
  };
  CHECK(of_region(6) == Approx(5));
  CHECK(of_region(0) == 0);
  CHECK(nme(mouth, truth()) == Approx(100 * 7.0 * 20 / 68 / 140));
}

TEST_CASE("PCK counts points closer than a tenth of the inter-ocular distance") {
  CHECK(pck(moved(truth(), 0, 16, {14.5f, 0}), truth()) == 0.75);  // 17 of 68 are too far.
  CHECK(pck(moved(truth(), 0, 16, {13.5f, 0}), truth()) == 1);
  CHECK(pck(moved(truth(), 0, 16, {14.5f, 0}), truth(), 0.2) == 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(pck(moved(truth(), 0, 33, {nan, 0}), truth()) == 0.5);
}

TEST_CASE("AUC, failure rate and CED of a staircase") {
  const std::vector<double> errors{0, 2, 4, 10};
  CHECK(auc(errors, 8) == Approx((1 + 0.75 + 0.5 + 0) / 4));
  CHECK(auc(errors, 2) == Approx(0.25));
  CHECK(failure_rate(errors) == 0.25);
  CHECK(failure_rate(std::vector{8.0}) == 0);  // At the threshold is not above it.
  const std::vector<double> at{0, 2, 3, 10};
  CHECK(ced(errors, at) == std::vector<double>{0.25, 0.5, 0.5, 1.0});

  // The area is that of the curve: compare with a fine sum of its heights.
  std::vector<double> thresholds;
  for (int i = 0; i < 80000; ++i) thresholds.push_back((i + 0.5) * 1e-4);
  double area = 0;
  for (const double share : ced(errors, thresholds)) area += share * 1e-4;
  CHECK(auc(errors, 8) == Approx(area / 8).epsilon(1e-4));
}

TEST_CASE("a NaN prediction is a failure, not a success") {
  const std::vector<double> errors{std::numeric_limits<double>::quiet_NaN(), 0.0};
  CHECK(failure_rate(errors) == 0.5);
  CHECK(auc(errors) == 0.5);
}

TEST_CASE("an evaluation averages over faces") {
  Evaluator evaluator;
  evaluator.add(truth(), truth());
  evaluator.add(moved(truth(), 0, 67, {0, 14.7f}), truth());  // 10.5 % of the inter-ocular distance.
  evaluator.add(moved(truth(), 48, 67, {0, 7}), truth());
  const Evaluation e = evaluator.result();
  const double third = 7.0 * 20 / 68;  // The third face's mean error.
  CHECK(e.faces == 3);
  CHECK(e.nme_inter_ocular == Approx(100 * (14.7 + third) / 140 / 3));
  CHECK(e.nme_inter_pupil == Approx(100 * (14.7 + third) * 3 / 320 / 3));
  CHECK(e.nme_box_diagonal == Approx(100 * (14.7 + third) / 175 / 3));
  CHECK(e.region_nme[0] == Approx(10.5 / 3));
  CHECK(e.region_nme[6] == Approx((10.5 + 5) / 3));
  CHECK(e.pck == Approx(2.0 / 3));
  CHECK(e.failure_rate == Approx(1.0 / 3));
  CHECK(e.auc == Approx((1 + 0 + 1 - 100 * third / 140 / 8) / 3));
  REQUIRE(e.errors.size() == 3);
  CHECK(e.errors[1] == Approx(10.5));
}

TEST_CASE("what cannot be measured is refused") {
  Landmarks flat = truth();
  flat[45] = flat[36];
  CHECK_THROWS_AS(nme(truth(), flat), ArgumentError);
  CHECK_THROWS_AS(pck(truth(), flat), ArgumentError);
  Evaluator evaluator;
  CHECK_THROWS_AS(evaluator.add(truth(), flat), ArgumentError);
  CHECK(evaluator.faces() == 0);
  CHECK_THROWS_AS(evaluator.result(), ArgumentError);
  CHECK_THROWS_AS(auc({}), ArgumentError);
  CHECK_THROWS_AS(auc(std::vector{0.1}, 0), ArgumentError);
  CHECK_THROWS_AS(failure_rate({}), ArgumentError);
}
