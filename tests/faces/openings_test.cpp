// Openings of eyes and mouth beside what the drawn faces' expressions say.
#include "lineament/faces/openings.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "../../src/synthetic/points.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"

using namespace lineament;

namespace {

namespace drawn = lineament::synthetic;

Landmarks points_of(const drawn::Identity& identity, const drawn::Expression& expression, const drawn::Pose& pose) {
  const drawn::Head head(identity, expression);
  return drawn::place_points(head, drawn::aim(head, pose, 300));
}

/// Spearman's: the correlation of the places in the order.
double rank_correlation(const std::vector<float>& a, const std::vector<float>& b) {
  const auto ranks = [](const std::vector<float>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
    std::vector<double> rank(values.size());
    for (std::size_t place = 0; place < order.size(); ++place) rank[order[place]] = static_cast<double>(place);
    return rank;
  };
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double middle = static_cast<double>(x.size() - 1) / 2;
  double xy = 0, xx = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    xy += (x[i] - middle) * (y[i] - middle), xx += (x[i] - middle) * (x[i] - middle);
  return xy / xx;
}

/// Drawn people, every second one turned twice as far: what is measured of each, and the truth.
struct Measured {
  std::vector<float> eye, aspect, eye_truth, mouth, mouth_truth;
};

Measured measured(int count, float least_yaw) {
  Measured m;
  for (std::uint64_t i = 0; m.mouth.size() < static_cast<std::size_t>(count); ++i) {
    drawn::Person person = drawn::draw_person(81, i, {});
    if (i % 2 == 1) person.pose.yaw *= 2;
    if (std::abs(person.pose.yaw) < least_yaw || std::abs(person.pose.yaw) > 1.2f) continue;
    const Landmarks points = points_of(person.identity, person.expression, person.pose);
    const HeadPose pose = head_pose(points);
    for (std::size_t k = 0; k < 2; ++k) {
      m.eye.push_back(eye_opening(points, pose)[k]);
      m.aspect.push_back(eye_aspect_ratio(points)[k]);
      m.eye_truth.push_back(person.expression.eye_open[k]);
    }
    m.mouth.push_back(mouth_opening(points, pose));
    m.mouth_truth.push_back(person.expression.jaw + person.expression.part);
  }
  return m;
}

}  // namespace

TEST_CASE("openings grow with the true ones, for each eye alone, however the head is turned") {
  for (const float yaw : {-0.6f, 0.0f, 0.5f})
    for (const std::size_t k : {0u, 1u}) {
      const drawn::Pose pose{yaw, 0.1f, 0.2f, 100, 0.5f, 0, 0};
      float before = -1, other = 0;
      for (const float open : {0.0f, 0.25f, 0.5f, 0.75f, 1.0f, 1.3f}) {
        drawn::Expression expression;
        expression.eye_open[k] = open;
        const auto found = eye_opening(points_of({}, expression, pose));
        INFO("yaw " << yaw << " eye " << k << " open " << open);
        CHECK(found[k] > before + 0.02f);
        if (before >= 0) CHECK(found[1 - k] == Approx(other).margin(0.01));
        before = found[k], other = found[1 - k];
      }
    }
  for (const float yaw : {-0.6f, 0.0f, 0.5f}) {
    float before = -1;
    for (const float jaw : {0.0f, 0.5f, 1.0f, 2.0f, 3.5f}) {
      drawn::Expression expression;
      expression.jaw = jaw;
      const float found = mouth_opening(points_of({}, expression, {yaw, 0, 0, 100, 0.5f, 0, 0}));
      CHECK(found > before + 0.02f);
      before = found;
    }
  }
}

TEST_CASE("a turn of the head changes openings little, and the aspect ratio much") {
  drawn::Expression expression;
  expression.jaw = 2;
  const Landmarks front = points_of({}, expression, {0, 0, 0, 100, 0.5f, 0, 0}),
                  turned = points_of({}, expression, {0.8f, 0, 0, 100, 0.5f, 0, 0});
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(eye_opening(front)[k] == Approx(eye_aspect_ratio(front)[k]).epsilon(0.05));  // the same unit
    CHECK(eye_opening(turned)[k] == Approx(eye_opening(front)[k]).epsilon(0.15));
  }
  CHECK(std::max(eye_aspect_ratio(turned)[0], eye_aspect_ratio(turned)[1]) > 1.3f * eye_aspect_ratio(front)[0]);
  CHECK(mouth_opening(front) == Approx(2.0 / 9).epsilon(0.15));  // cm
  CHECK(mouth_opening(turned) == Approx(mouth_opening(front)).epsilon(0.1));
}

TEST_CASE("the order of drawn people's openings is nearly the true one, as the header tells") {
  const Measured all = measured(1000, 0), far = measured(300, 35 * 3.14159f / 180);
  const double eye = rank_correlation(all.eye, all.eye_truth), aspect = rank_correlation(all.aspect, all.eye_truth);
  const double far_eye = rank_correlation(far.eye, far.eye_truth),
               far_aspect = rank_correlation(far.aspect, far.eye_truth);
  WARN("rank correlation with the true opening: eye_opening " << eye << ", aspect ratio " << aspect << "; turned heads "
                                                              << far_eye << ", " << far_aspect << "; mouth "
                                                              << rank_correlation(all.mouth, all.mouth_truth));
  CHECK(eye == Approx(0.88).margin(0.015));
  CHECK(aspect == Approx(0.80).margin(0.015));
  CHECK(far_eye == Approx(0.84).margin(0.02));
  CHECK(far_aspect == Approx(0.63).margin(0.02));
  CHECK(rank_correlation(all.mouth, all.mouth_truth) > 0.93);
}

TEST_CASE("open and closed eyes of drawn people are told apart by one threshold") {
  const Measured all = measured(1000, 0);
  float closed = 0, open = 1;
  for (std::size_t i = 0; i < all.eye.size(); ++i) {
    if (all.eye_truth[i] < 0.1f) closed = std::max(closed, all.eye[i]);
    if (all.eye_truth[i] > 0.8f) open = std::min(open, all.eye[i]);
  }
  CHECK(closed > 0);
  CHECK(closed < 0.1f);
  CHECK(open > 0.12f);
}

TEST_CASE("openings of points that are not known are not known") {
  Landmarks points = points_of({}, {}, {0, 0, 0, 100, 0.5f, 0, 0});
  points[38] = kUnknownPoint;
  points[62] = kUnknownPoint;
  CHECK(std::isnan(eye_opening(points)[0]));
  CHECK_FALSE(std::isnan(eye_opening(points)[1]));
  CHECK(std::isnan(eye_aspect_ratio(points)[0]));
  CHECK(std::isnan(mouth_opening(points)));
  CHECK_THROWS_AS(eye_opening(Landmarks(5)), ArgumentError);
  CHECK_THROWS_AS(eye_aspect_ratio(Landmarks(5)), ArgumentError);
  CHECK_THROWS_AS(mouth_opening(Landmarks(5), HeadPose{}), ArgumentError);
}
