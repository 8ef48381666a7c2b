// Results in detail: by point, pose and size, and calibration; and that the two ways to measure a model are one ruler.
#include "lineament/landmarker/face_results.hpp"

#include <cmath>

#include "catch.hpp"
#include "lineament/faces/pose.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/landmarker/spread_calibration.hpp"
#include "lineament/random.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

/// The mean shape, its middle moved by `turn` of the eyes' distance.
Landmarks shape(float turn = 0) {
  Landmarks points = ibug_68().mean_shape;
  for (std::size_t i = 0; i < points.size(); ++i) {  // made the same left and right
    const auto m = static_cast<std::size_t>(ibug_68().mirror[i]);
    if (m < i) points[m] = {-points[i].x, points[i].y};
  }
  const float ocular = inter_ocular(points);
  for (std::size_t i = 0; i < points.size(); ++i)
    if (ibug_68().mirror[i] == static_cast<int>(i)) points[i].x = turn * ocular;
  return points;
}

}  // namespace

TEST_CASE("how far a face is turned can be seen from its points, however it is tilted") {
  for (const float turn : {0.0f, 0.1f, -0.3f}) {
    Landmarks points = shape(turn);
    CHECK(turn_of(points) == Approx(static_cast<double>(turn)).margin(1e-4));
    for (Point& p : points) p = {3 * (0.6f * p.x - 0.8f * p.y) + 50, 3 * (0.8f * p.x + 0.6f * p.y) - 7};
    CHECK(turn_of(points) == Approx(static_cast<double>(turn)).margin(1e-4));
  }
  Landmarks unknown = shape();
  unknown[36] = kUnknownPoint;
  CHECK(std::isnan(turn_of(unknown)));
}

TEST_CASE("details: each point, faces by how far they are turned and by size, and calibration") {
  std::vector<MeasuredFace> faces;
  for (int i = 0; i < 20; ++i) {
    MeasuredFace face;
    face.truth = shape(i < 15 ? 0.0f : 0.25f);
    face.side = i < 10 ? 100.0 : 400.0;
    face.predicted = face.truth;
    const float ocular = inter_ocular(face.truth);
    for (std::size_t k = 0; k < face.truth.size(); ++k) {
      const float off = 0.001f * static_cast<float>(k) * ocular * (i < 15 ? 1.0f : 2.0f);
      face.predicted[k].y += off;
      face.spread.push_back(0.5f * off);  // it thinks itself twice as good as it is
    }
    faces.push_back(face);
  }
  faces[0].truth[67] = kUnknownPoint;
  const FaceDetails d = details_of(faces);
  REQUIRE(d.by_point.size() == 68);
  CHECK(d.by_point[0] == Approx(0).margin(1e-4));
  CHECK(d.by_point[10] == Approx((15 * 1.0 + 5 * 2.0) / 20).epsilon(1e-3));
  CHECK(d.by_point[67] == Approx((14 * 6.7 + 5 * 13.4) / 19).epsilon(1e-3));
  REQUIRE(d.by_turn.size() == 4);
  CHECK(d.by_turn[0].faces == 15);
  CHECK(d.by_turn[3].faces == 5);
  CHECK(std::isnan(d.by_turn[1].nme));
  CHECK(d.by_turn[3].nme == Approx(6.7).epsilon(1e-3));
  REQUIRE(d.by_side.size() == 4);
  CHECK(d.by_side[1].faces == 10);
  CHECK(d.by_side[3].faces == 10);
  REQUIRE(d.calibration.size() == 10);
  std::size_t points = 0;
  for (std::size_t g = 0; g < 10; ++g) {
    points += d.calibration[g].points;
    CHECK(d.calibration[g].measured == Approx(2 * d.calibration[g].predicted).margin(1e-3));
    if (g > 0) CHECK(d.calibration[g].predicted >= d.calibration[g - 1].predicted);
  }
  CHECK(points == 20 * 68 - 1);
  CHECK(evaluation_of(faces).faces == 20);

  std::vector<MeasuredFace> with_nan = faces;  // a network that has gone astray on one face
  for (std::size_t k = 0; k < 68; ++k) {
    with_nan[3].predicted[k].x = std::nanf("");
    with_nan[3].spread[k] = std::nanf("");
  }
  std::size_t counted = 0;
  for (const CalibrationGroup& group : details_of(with_nan).calibration) {
    counted += group.points;
    CHECK(std::isfinite(group.predicted));
    CHECK(std::isfinite(group.measured));
  }
  CHECK(counted == 19 * 68 - 1);
  for (MeasuredFace& face : faces) face.spread.clear(), face.side = 0;
  CHECK(details_of(faces).calibration.empty());
  CHECK(details_of(faces).by_side.empty());
}

TEST_CASE("a network is measured as by evaluate_faces, and averaged with the mirrored faces if asked for") {
  StoreOptions store;
  store.preprocessing.size = 64;
  store.threads = 1;
  const FaceStore faces = FaceStore::draw(3, 9, store, {.size = 96});
  const Network network(tiny_network(), Shape{64, 64, 3}, 1);
  const auto measured = measure_faces(network, faces);
  const Evaluation a = evaluation_of(measured), b = evaluate_faces(network, faces);
  CHECK(a.nme_inter_ocular == b.nme_inter_ocular);
  CHECK(a.errors == b.errors);
  for (const MeasuredFace& face : measured) CHECK(face.spread.size() == kPoints);
  std::size_t last = 0;
  const auto mirrored = measure_faces(network, faces, {.mirror = true, .progress = [&](std::size_t n) { last = n; }});
  CHECK(last == 9);
  CHECK(evaluation_of(mirrored).nme_inter_ocular != a.nme_inter_ocular);
  // Jitter moves the box, and so the points in the crop.
  store.jitter = 0.1f;
  const FaceStore shaken = FaceStore::draw(3, 9, store, {.size = 96});
  std::vector<float> pixels(faces.pixels_per_sample()), still(kValues), moved(kValues);
  for (std::size_t i = 0; i < 9; ++i) {
    faces.prepare(i, Random(0), false, {pixels, still, {}});
    shaken.prepare(i, Random(0), false, {pixels, moved, {}});
    const double eyes_still = std::hypot(still[72] - still[90], still[73] - still[91]),
                 eyes_moved = std::hypot(moved[72] - moved[90], moved[73] - moved[91]);
    const double scale = eyes_still / eyes_moved;
    CHECK((scale == Approx(1.1).epsilon(1e-3) || scale == Approx(1 / 1.1).epsilon(1e-3)));
    CHECK(shaken.side(i) == faces.side(i));
  }
  store.jitter = 0.5f;
  CHECK_THROWS_AS(FaceStore::draw(3, 1, store, {.size = 96}), ArgumentError);
}

TEST_CASE("expected errors are set right by a factor and an exponent, and only they change") {
  Network network(tiny_network(), kReferenceInput, 3);
  const FaceStore faces = FaceStore::draw(7, 40);
  std::vector<MeasuredFace> before = measure_faces(network, faces);
  // The truth is where a model that expects e would be off by 0.9 e ^ 0.7 on average, exponentially distributed.
  Random random(5);
  double sum = 0, expected = 0;
  for (MeasuredFace& face : before) {
    const float unit = spread_unit(face.predicted, 1);
    for (std::size_t i = 0; i < face.spread.size(); ++i) {
      face.spread[i] *= std::exp(random.uniform(-1, 1));
      const float mean = 0.9f * std::pow(face.spread[i] / unit, 0.7f) * unit;
      const float off = -mean * std::log(random.uniform(1e-6f, 1));
      face.truth[i] = face.predicted[i] + Point{0.6f * off, -0.8f * off};
      sum += static_cast<double>(off);
      expected += static_cast<double>(mean);
    }
  }
  const SpreadCalibration c = fit_spread(before);
  CHECK(c.points == 40 * 68);
  CHECK(c.exponent == Approx(0.7).margin(0.1));
  CHECK(c.factor == Approx(0.9).epsilon(0.25));
  CHECK(sum == Approx(expected).epsilon(0.1));

  const std::vector<MeasuredFace> old = measure_faces(network, faces);
  calibrate_spread(network, c);
  const std::vector<MeasuredFace> now = measure_faces(network, faces);
  for (std::size_t f = 0; f < old.size(); ++f) {
    const auto unit = static_cast<double>(spread_unit(old[f].predicted, 1));
    for (std::size_t i = 0; i < 68; ++i) {
      CHECK(now[f].predicted[i] == old[f].predicted[i]);
      CHECK(static_cast<double>(now[f].spread[i]) ==
            Approx(c.factor * std::pow(static_cast<double>(old[f].spread[i]) / unit, c.exponent) * unit).epsilon(1e-3));
    }
  }
  // Fitted to what it was calibrated for, it stays as it is.
  for (MeasuredFace& face : before) {
    const auto unit = static_cast<double>(spread_unit(face.predicted, 1));
    for (float& s : face.spread)
      s = static_cast<float>(c.factor * std::pow(static_cast<double>(s) / unit, c.exponent) * unit);
  }
  const SpreadCalibration again = fit_spread(before);
  CHECK(again.factor == Approx(1).epsilon(1e-3));
  CHECK(again.exponent == Approx(1).epsilon(1e-3));
}

TEST_CASE(
    "nothing is calibrated by too few faces, by a model that is the surer the more it errs, or without a spread") {
  const Network network(tiny_network(), kReferenceInput, 3);
  std::vector<MeasuredFace> faces = measure_faces(network, FaceStore::draw(7, 20));
  const std::span<const MeasuredFace> all = faces;
  CHECK_THROWS_WITH(fit_spread(all.first(10)), Catch::Contains("1000") && Catch::Contains("680"));
  for (MeasuredFace& face : faces)
    for (std::size_t i = 0; i < 68; ++i) {
      face.spread[i] = 1 / (1 + static_cast<float>(i));
      face.truth[i] = face.predicted[i] + Point{0.001f * static_cast<float>(i), 0};
    }
  CHECK_THROWS_WITH(fit_spread(all), Catch::Contains("no further off"));
  for (MeasuredFace& face : faces) face.truth = face.predicted;
  CHECK_THROWS_AS(fit_spread(all), ArgumentError);
  for (MeasuredFace& face : faces) face.spread.clear();
  CHECK_THROWS_WITH(fit_spread(all), Catch::Contains("'spread'"));
  Network without(mobile_network(), kReferenceInput, 3);
  CHECK_THROWS_AS(calibrate_spread(without, {2, 1}), SpecError);
}
