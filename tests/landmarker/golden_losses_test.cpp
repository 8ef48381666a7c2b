// Values and gradients of every loss of points against an independent implementation, written from the papers:
// data/golden/losses.json. The detector's: tests/detector/golden_loss_test.cpp.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/train/losses.hpp"
#include "support/golden.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// One case, and what a loss makes of it.
template <class T>
struct Batch {
  explicit Batch(const Json& c) : size(c["batch"]) {
    const std::vector<double> t = c.contains("truth") ? values_of(c["truth"]) : std::vector<double>();
    for (const double v : t) truth.push_back(static_cast<T>(v));
    std::vector<double> y = values_of(c.contains("error") ? c["error"] : c["output"]);
    for (std::size_t i = 0; i < y.size() && c.contains("error"); ++i) y[i] += t[i];
    for (const double v : y) output.push_back(static_cast<T>(v));
    if (c.contains("weights"))
      for (const double v : values_of(c["weights"])) weights.push_back(static_cast<T>(std::max(v, 0.0)));
    if (c.contains("scales"))
      for (const double v : values_of(c["scales"])) scales.push_back(static_cast<T>(v));
    gradient.resize(output.size());
    scale_gradient.resize(scales.size());
  }

  T value_of(const Json& c);

  int size;
  std::vector<T> output, truth, weights, scales, gradient, scale_gradient;

 private:
  template <class L>
  T points_loss(L loss) {
    return loss.template operator()<T>(output, truth, weights, gradient, size);
  }
};

/// The truth of cross-entropy: the softmax of each row.
template <class T>
void make_distributions(std::vector<T>& values, std::size_t classes) {
  for (std::size_t first = 0; first < values.size(); first += classes) {
    T sum = 0;
    for (std::size_t i = first; i < first + classes; ++i) sum += values[i] = std::exp(values[i]);
    for (std::size_t i = first; i < first + classes; ++i) values[i] /= sum;
  }
}

template <class T>
T Batch<T>::value_of(const Json& c) {
  const std::string loss = c["loss"];
  if (loss == "l2") return points_loss(L2{});
  if (loss == "l1") return points_loss(L1{});
  if (loss == "smooth-l1") return points_loss(SmoothL1{c["beta"]});
  if (loss == "wing") return points_loss(Wing{c["w"], c["epsilon"]});
  if (loss == "soft-wing") return points_loss(SoftWing{c["w1"], c["w2"], c["epsilon"]});
  if (loss == "cross-entropy") {
    make_distributions(truth, c["truth"]["shape"][1].get<std::size_t>());
    return points_loss(CrossEntropy{});
  }
  const int points = c["points"];
  if (loss == "face") return FaceCrossEntropy{.points = points}.template operator()<T>(output, weights, gradient, size);
  if (loss == "heatmaps")
    return points_loss(
        HeatmapDivergence{.height = c["height"], .width = c["width"], .points = points, .sigma = c["sigma"]});
  const std::array<int, 2> corners{c["eye_corners"][0], c["eye_corners"][1]};
  if (loss == "nme") return points_loss(NmeLoss{points, corners});
  REQUIRE((loss == "laplace" || loss == "gaussian"));
  const PointLikelihood likelihood{loss == "laplace" ? ErrorLaw::laplace : ErrorLaw::gaussian, points, corners};
  return likelihood.operator()<T>(output, scales, truth, weights, gradient, scale_gradient, size);
}

template <class T>
void check_case(const Json& c, double tolerance) {
  Batch<T> batch(c);
  const T value = batch.value_of(c);
  CHECK(static_cast<double>(value) == Approx(c["value"].get<double>()).epsilon(tolerance));
  check_digest(batch.gradient, c["gradients"]["output"], tolerance);
  if (!batch.scales.empty()) check_digest(batch.scale_gradient, c["gradients"]["scales"], tolerance);
}

}  // namespace

TEST_CASE("golden: values and gradients of losses") {
  std::set<std::string> seen;
  const Json file = golden("losses");
  for (const Json& c : file["cases"]) {
    if (c["loss"] == "detection") continue;
    seen.insert(c["loss"].get<std::string>());
    INFO(c.dump());
    // The true shares of a heat map end at six sigmas here, which leaves out less than 1e-8 of them.
    check_case<double>(c, c["loss"] == "heatmaps" ? 3e-7 : 1e-8);
    // In float an error is the difference of two numbers that are 25 times as large.
    check_case<float>(c, 2e-5);
  }
  for (const NamedLoss& loss : losses()) CHECK(seen.count(std::string(loss.name)) == 1);
  for (const std::string& loss : face_loss_names()) CHECK(seen.count(loss) == 1);
  CHECK(seen.count("heatmaps") == 1);
  CHECK(seen.count("face") == 1);
}
