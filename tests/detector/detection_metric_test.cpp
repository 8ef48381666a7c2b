// The metric of a picture, from cells that are written by hand.
#include "lineament/detector/detection_metric.hpp"

#include <array>
#include <vector>

#include "catch.hpp"
#include "lineament/detector/cells.hpp"
#include "lineament/error.hpp"
#include "lineament/zoo/detector_network.hpp"

using namespace lineament;

namespace {

constexpr int kWide = 128, kHigh = 96;

struct Cells {
  std::vector<float> values, weights;
};

Cells cells_of(const std::vector<TrueFace>& faces) {
  const std::size_t n = cell_values(kWide, kHigh);
  Cells cells{std::vector<float>(n), std::vector<float>(n)};
  faces_to_cells(faces, kWide, kHigh, cells.values, cells.weights);
  return cells;
}

/// What a network says that is right about these faces, with log odds of 5.
std::vector<float> said(const std::vector<TrueFace>& faces) {
  std::vector<float> output = cells_of(faces).values;
  for (std::size_t i = 0; i < output.size(); i += kCellValues) output[i] = output[i] > 0 ? 5.0f : -5.0f;
  return output;
}

TrueFace at(float x, float y, float side) {
  return {{x, y, side, side}, {{{x + side / 4, y + side / 3}, {x + 3 * side / 4, y + side / 3}}}};
}

}  // namespace

TEST_CASE("found, missed and wrong faces of a picture are counted") {
  const Metric metric = detection_metric(kWide, kHigh);
  const TrueFace a = at(10, 12, 30), b = at(70, 40, 50), none = at(80, 4, 24);
  const Cells truth = cells_of({a, b});
  const auto measured = [&](const std::vector<TrueFace>& faces) {
    const auto values = metric(said(faces), truth.values, truth.weights);
    REQUIRE(values.size() == 2);
    CHECK(values[0].name == "F1");
    CHECK(values[0].higher_is_better);
    CHECK(values[1].name == "wrong");
    return std::array{values[0].value, values[1].value};
  };
  CHECK(measured({a, b}) == std::array{1.0, 0.0});
  CHECK(measured({a})[0] == Approx(2.0 / 3));
  CHECK(measured({a, b, none})[0] == Approx(4.0 / 5));
  CHECK(measured({a, b, none})[1] == 1);
  CHECK(measured({none}) == std::array{0.0, 1.0});
  CHECK(measured({}) == std::array{0.0, 0.0});
}

TEST_CASE("pictures without faces count where something is found; hidden faces are neither right nor wrong") {
  const Metric metric = detection_metric(kWide, kHigh);
  const Cells nobody = cells_of({});
  CHECK(metric(said({}), nobody.values, nobody.weights).empty());
  const auto wrong = metric(said({at(10, 12, 30)}), nobody.values, nobody.weights);
  REQUIRE(wrong.size() == 2);
  CHECK(wrong[0].value == 0);
  CHECK(wrong[1].value == 1);
  TrueFace hidden = at(10, 12, 30);
  hidden.counts = false;
  const Cells unasked = cells_of({hidden});
  CHECK(metric(said({at(10, 12, 30)}), unasked.values, unasked.weights).empty());
}

TEST_CASE("values that do not fit are refused") {
  CHECK_THROWS_AS(detection_metric(100, 96), ArgumentError);
  const Metric metric = detection_metric(kWide, kHigh);
  const Cells c = cells_of({});
  CHECK_THROWS_WITH(metric(std::vector<float>(9), c.values, c.weights), Catch::Contains("wrong number of outputs"));
  CHECK_THROWS_AS(metric(c.values, c.values, {}), ArgumentError);
}
