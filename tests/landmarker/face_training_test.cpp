// The NME as a loss, and what people watch while a network learns faces.
#include "lineament/landmarker/face_training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

constexpr std::size_t kN = kValues;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<double> face_with_eyes_apart(double x, double y) {
  std::vector<double> face(kN, 0.25);
  face[2 * 36] = face[2 * 36 + 1] = 0;
  face[2 * 45] = x;
  face[2 * 45 + 1] = y;
  return face;
}

struct Result {
  double value;
  std::vector<double> gradient;
};

Result run(const std::vector<double>& output, const std::vector<double>& truth, int batch,
           const std::vector<double>& weights = {}) {
  std::vector<double> gradient(output.size(), std::nan(""));
  const double value = NmeLoss{}(std::span<const double>(output), truth, weights, gradient, batch);
  return {value, gradient};
}

std::vector<float> drawn_face(std::uint64_t seed) {
  const FaceStore store = FaceStore::draw(seed, 1);
  std::vector<float> pixels(store.pixels_per_sample()), values(kN);
  store.prepare(0, Random(0), false, {pixels, values, {}});
  return values;
}

double value_of(const std::vector<NamedValue>& values, std::string_view name) {
  return Means{.metrics = values}.metric(name);
}

}  // namespace

TEST_CASE("the loss nme is the mean distance over the true eye distance") {
  // The outer eye corners are 5 apart (3, 4) in the first face and 2 apart in the second.
  std::vector<double> truth = face_with_eyes_apart(3, 4);
  const std::vector<double> second = face_with_eyes_apart(0, 2);
  truth.insert(truth.end(), second.begin(), second.end());
  std::vector<double> output = truth;
  output[0] += 0.3, output[1] -= 0.4;  // distance 0.5
  output[kN + 20] += 1;                // distance 1
  const auto result = run(output, truth, 2);
  CHECK(result.value == Approx((0.5 / 5 / 68 + 1.0 / 2 / 68) / 2));
  CHECK(result.gradient[0] == Approx(0.6 / 5 / 68 / 2));
  CHECK(result.gradient[1] == Approx(-0.8 / 5 / 68 / 2));
  CHECK(result.gradient[kN + 20] == Approx(1.0 / 2 / 68 / 2));
  // Every other point is exactly in place: no direction, no gradient, no NaN.
  CHECK(std::count(result.gradient.begin(), result.gradient.end(), 0.0) == 2 * kValues - 3);
  const auto ones = run(output, truth, 2, std::vector<double>(truth.size(), 1.0));
  CHECK(ones.value == result.value);
  CHECK(ones.gradient == result.gradient);

  // Without the second face, and without point 5 of the first, which is NaN.
  std::vector<double> weights(truth.size(), 1.0);
  std::fill(weights.begin() + kValues, weights.end(), 0.0);
  weights[10] = 0;
  truth[10] = truth[kN + 2 * 36] = std::nan("");
  const auto known = run(output, truth, 2, weights);
  CHECK(known.value == Approx(0.5 / 5 / 67));
  CHECK(known.gradient[0] == Approx(0.6 / 5 / 67));
  CHECK(known.gradient[kN + 20] == 0);
}

TEST_CASE("the gradient of the loss nme agrees with central differences") {
  Random random(7);
  std::vector<double> truth(2 * kN), output(2 * kN), weights(2 * kN);
  for (auto* list : {&truth, &output, &weights})
    for (double& v : *list) v = static_cast<double>(random.uniform());
  const Result result = run(output, truth, 2, weights);
  for (std::size_t i = 0; i < output.size(); i += 7) {
    const double at = output[i], h = 1e-5;
    output[i] = at + h;
    const double above = run(output, truth, 2, weights).value;
    output[i] = at - h;
    const double below = run(output, truth, 2, weights).value;
    output[i] = at;
    CHECK(result.gradient[i] == Approx((above - below) / (2 * h)).epsilon(1e-5).margin(1e-9));
  }
}

TEST_CASE("the loss nme is for faces with eyes apart") {
  const auto loss = [](std::size_t values) {
    return NmeLoss{}(std::span<const double>(std::vector<double>(values)), std::vector<double>(values), {}, {}, 1);
  };
  CHECK_THROWS_WITH(loss(4), Catch::Contains("136 values") && Catch::Contains("got 4"));
  CHECK_THROWS_WITH(loss(kN), Catch::Contains("sample 0 of the batch") && Catch::Contains("eye corners"));
  std::vector<double> face = face_with_eyes_apart(1, 0);
  face[2 * 36] = std::nan("");
  CHECK_THROWS_AS(run(face, face, 1), ArgumentError);
}

TEST_CASE("the losses for faces are those for coordinates and nme") {
  std::vector<std::string_view> names;
  for (const NamedLoss& loss : face_losses()) names.push_back(loss.name);
  CHECK(names == std::vector<std::string_view>{"l2", "l1", "smooth-l1", "wing", "soft-wing", "nme"});
  CHECK_THROWS_WITH(loss_by_name("cross-entropy", face_losses()),
                    Catch::Contains("l2, l1, smooth-l1, wing, soft-wing or nme"));
  const std::vector<float> truth = drawn_face(1), output = drawn_face(2);
  std::vector<float> gradient(kN);
  const double value = loss_by_name("nme", face_losses())(output, truth, {}, gradient, 1);
  CHECK(100 * value == Approx(value_of(face_metric()(output, truth, {}), kNme)).epsilon(1e-5));
}

TEST_CASE("the metric of a face is what an evaluation of that face says") {
  const std::vector<float> truth = drawn_face(1);
  std::vector<float> output = truth;
  for (std::size_t i = 0; i < 40; ++i) output[i] += 0.05f;
  Evaluator evaluator;
  evaluator.add(values_to_crop_points(output, 1), values_to_crop_points(truth, 1));
  const Evaluation e = evaluator.result();
  const std::vector<NamedValue> values = face_metric()(output, truth, {});
  CHECK(value_of(values, kNme) == e.nme_inter_ocular);
  CHECK(value_of(values, kPck) == e.pck);
  CHECK(value_of(values, kAuc) == e.auc);
  CHECK(value_of(values, kFailureRate) == e.failure_rate);
  CHECK(e.pck > 0);
  CHECK(e.pck < 1);
  CHECK(values.front().name == kNme);  // which chooses the best epoch
  CHECK_FALSE(values.front().higher_is_better);
  CHECK(values[1].higher_is_better);
  CHECK_THROWS_AS(face_metric()(std::vector<float>(4), std::vector<float>(4), {}), ArgumentError);
}

TEST_CASE("points that are not known are left out of a face's metric") {
  std::vector<float> truth = drawn_face(1), output = truth, weights(kN, 1);
  for (std::size_t i = 0; i < 34; ++i) {  // 17 points, far off or with no true place at all
    output[i] += 0.5f;
    if (i < 10) truth[i] = kNaN;
    weights[i] = 0;
  }
  CHECK(value_of(face_metric()(output, truth, weights), kNme) == 0);
  CHECK(value_of(face_metric()(output, truth, weights), kPck) == 1);
  weights.assign(kN, 0);
  CHECK(face_metric()(output, truth, weights).empty());
  weights.assign(kN, 1);
  const std::vector<float> whole = drawn_face(1);
  CHECK(value_of(face_metric()(output, whole, weights), kNme) ==
        Approx(value_of(face_metric()(output, whole, {}), kNme)).epsilon(1e-12));
}

TEST_CASE("a network is measured on faces, and on nothing else") {
  StoreOptions options;
  options.preprocessing.size = 16;
  const FaceStore faces = FaceStore::draw(1, 20, options);
  const Network network(Spec() << Flatten{} << Dense{.features = kValues}, Shape{16, 16, 3}, 1);
  std::vector<std::size_t> seen;
  const Evaluation e = evaluate_faces(network, faces, {.threads = 2}, [&](const Prediction& p) {
    seen.push_back(p.index);
    CHECK(p.truth.size() == kN);
  });
  REQUIRE(e.errors.size() == 20);
  CHECK(seen.size() == 20);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  // The same means as the trainer's, which knows them by name only.
  const Means means = evaluate(network, faces, face_metric());
  CHECK(means.samples == 20);
  CHECK(means.metric(kNme) == e.nme_inter_ocular);
  CHECK(means.metric(kPck) == e.pck);
  CHECK(means.metric(kAuc) == Approx(e.auc));
  CHECK(means.metric(kFailureRate) == Approx(e.failure_rate));
  CHECK_THROWS_WITH(means.metric("PCK"), Catch::Contains("NME, PCK@0.1, AUC@8 or FR@8"));

  struct Others : SampleSource {
    std::size_t size() const override { return 1; }
    std::size_t pixels_per_sample() const override { return 16 * 16 * 3; }
    std::size_t values_per_sample() const override { return 2; }
    void prepare(std::size_t, Random, bool, const Sample&) const override {}
  };
  const Network other(Spec() << Flatten{} << Dense{.features = 2}, Shape{16, 16, 3}, 1);
  CHECK_THROWS_WITH(evaluate_faces(other, Others()), Catch::Contains("wanted 136 values") && Catch::Contains("got 2"));
}
