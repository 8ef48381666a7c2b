// The loss of a detector: values by hand, gradients against differences.
#include "lineament/detector/detection_loss.hpp"

#include <cmath>

#include "catch.hpp"
#include "lineament/detector/cells.hpp"
#include "lineament/error.hpp"
#include "lineament/random.hpp"
#include "lineament/zoo/detector_network.hpp"

using namespace lineament;

namespace {

using Values = std::vector<double>;
constexpr int kSide = 64, kBatch = 2;

/// A batch of two small pictures, one with two faces, and some outputs.
struct Case {
  Values truth, weights;
  std::array<Values, 3> outputs, gradients;

  Case() {
    Random random(3, 1);
    const TrueFace small{{10, 12, 14, 13}, {Point{13, 15}, Point{20, 16}}},
        large{{8, 5, 48, 50}, {Point{20, 18}, Point{41, 20}}};
    for (int b = 0; b < kBatch; ++b) {
      std::vector<float> v(cell_values(kSide, kSide)), w(v.size());
      std::vector<TrueFace> faces;
      if (b == 0) faces = {small, large};
      faces_to_cells(faces, kSide, kSide, v, w);
      truth.insert(truth.end(), v.begin(), v.end());
      weights.insert(weights.end(), w.begin(), w.end());
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const int cells = (kSide / kCellStrides[i]) * (kSide / kCellStrides[i]);
      outputs[i].resize(static_cast<std::size_t>(kBatch * cells * kCellValues));
      for (double& x : outputs[i]) x = static_cast<double>(random.uniform(-1.5f, 1.5f));
    }
  }
  double loss(const DetectionLoss& of = {}) {
    std::vector<OutputBatch<double>> list;
    for (std::size_t i = 0; i < 3; ++i) {
      gradients[i].assign(outputs[i].size(), 0);
      list.push_back({kCellOutputs[i], outputs[i], gradients[i]});
    }
    return of.operator()<double>(list, truth, weights, kBatch);
  }
  /// Sets outputs to what the truth is.
  void know_everything() {
    const std::size_t values = truth.size() / kBatch;
    std::size_t first = 0;
    for (Values& output : outputs) {
      const std::size_t size = output.size() / kBatch;
      for (std::size_t k = 0; k < output.size(); ++k) {
        const std::size_t at = k / size * values + first + k % size;
        output[k] = k % kCellValues == 0 ? (truth[at] > 0 ? 30 : -30) : truth[at];
      }
      first += size;
    }
  }
};

}  // namespace

TEST_CASE("the gradient of the detection loss is its slope, for every output") {
  Case c;
  c.loss();
  const auto gradients = c.gradients;
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t moved = 0;
    for (std::size_t k = 0; k < c.outputs[i].size(); ++k) {
      constexpr double h = 1e-5;
      double& x = c.outputs[i][k];
      const double at = x;
      x = at + h;
      const double above = c.loss();
      x = at - h;
      const double below = c.loss();
      x = at;
      const double slope = (above - below) / (2 * h);
      INFO(kCellOutputs[i] << " " << k);
      CHECK(gradients[i][k] == Approx(slope).epsilon(1e-5).margin(1e-8));
      moved += gradients[i][k] != 0 && k % kCellValues != 0;
    }
    if (i != 2) CHECK(moved > 0);  // boxes and eyes of the small face and of the large one
  }
}

TEST_CASE("who knows everything has no loss but the rounding of the eyes; odds for nothing cost the focal loss") {
  Case c;
  c.know_everything();
  CHECK(c.loss() == Approx(0.025));
  CHECK(c.loss({.eyes = 0}) == Approx(0).margin(1e-9));
  for (Values& output : c.outputs)
    for (std::size_t k = 0; k < output.size(); k += kCellValues) output[k] = 0;  // p = 1/2 everywhere
  double cells = 0, faces = 0;
  for (std::size_t k = 0; k < c.truth.size(); k += kCellValues) {
    cells += c.weights[k];
    faces += c.weights[k + 1];
  }
  CHECK(c.loss({.share = 0.25, .eyes = 0}) ==
        Approx(0.25 * std::log(2.0) * (0.25 * faces + 0.75 * (cells - faces)) / faces));
}

TEST_CASE("a box that lacks a quarter costs what the generalised IoU says") {
  Case c;
  c.know_everything();
  // The cells of the large face are one or a few of the middle grid.
  Values& output = c.outputs[1];
  double faces = 0;
  for (std::size_t k = 0; k < c.truth.size(); k += kCellValues) faces += c.weights[k + 1];
  double changed = 0;
  const std::size_t first = c.outputs[0].size() / kBatch;
  for (std::size_t k = 0; k < output.size() / kBatch; k += kCellValues)
    if (c.weights[first + k + 1] > 0) {
      const double right = std::exp(output[k + 3]), left = std::exp(output[k + 1]);
      output[k + 3] = std::log(right - 0.25 * (left + right));  // a quarter is missing
      changed += 1;
    }
  REQUIRE(changed > 0);
  CHECK(c.loss({.eyes = 0}) == Approx(0.25 * changed / faces));  // inside: 1 - IoU, and no hull beyond the union
}

TEST_CASE("a detection loss refuses what does not fit") {
  Case c;
  c.truth.pop_back();
  CHECK_THROWS_AS(c.loss(), ArgumentError);

  const Case whole;
  const auto call = [&](std::size_t values, std::size_t gradients, int batch) {
    Case of = whole;
    std::vector<OutputBatch<double>> list;
    for (std::size_t i = 0; i < 3; ++i) {
      of.gradients[i].resize(gradients);
      list.push_back({kCellOutputs[i], std::span<const double>(of.outputs[i]).first(values), of.gradients[i]});
    }
    DetectionLoss().operator()<double>(list, of.truth, of.weights, batch);
  };
  const std::size_t size = whole.outputs[2].size();
  CHECK_THROWS_WITH(call(size, size, 0), Catch::Contains("batch is empty"));
  CHECK_THROWS_WITH(call(size - 1, size - 1, kBatch), Catch::Contains("whole cells"));
  CHECK_THROWS_WITH(call(size, 0, kBatch), Catch::Contains("gradient"));
  std::vector<FoundFace> faces;
  CHECK_THROWS_AS(cells_to_faces({}, 0, 64, 64, 0.5f, faces), ArgumentError);
}
