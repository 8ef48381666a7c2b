// Losses: numbers worked by hand, gradients against central differences in double.
#include "lineament/train/losses.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

using Kind = Loss::Kind;

template <class T>
struct Result {
  T value;
  std::vector<T> gradient;
};

template <class T>
Result<T> run(const Loss& loss, const std::vector<T>& prediction, const std::vector<T>& target, int batch) {
  // NaN first: what is not overwritten shows.
  std::vector<T> gradient(prediction.size(), std::numeric_limits<T>::quiet_NaN());
  const T value = value_and_gradient<T>(loss, prediction, target, gradient, batch);
  return {value, gradient};
}

std::vector<double> random_values(std::size_t n, std::uint64_t stream) {
  Random random(7, stream);
  std::vector<double> v(n);
  for (double& x : v) x = static_cast<double>(random.uniform());
  return v;
}

/// True where a step of h in value i could cross a kink of the loss.
bool near_kink(const Loss& loss, double difference, double h) {
  const double a = std::abs(difference);
  const double margin = 100 * h;
  return a < margin || (loss.kind == Kind::smooth_l1 && std::abs(a - static_cast<double>(loss.beta)) < margin) ||
         (loss.kind == Kind::wing && std::abs(a - static_cast<double>(loss.w)) < margin);
}

/// Largest relative error of `gradient` against central differences, away from kinks.
double gradient_error(const Loss& loss, std::vector<double> prediction, const std::vector<double>& target, int batch,
                      const std::vector<double>& gradient) {
  constexpr double h = 1e-5;
  double largest = 0;
  for (const double g : gradient) largest = std::max(largest, std::abs(g));
  double error = 0;
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    if (near_kink(loss, prediction[i] - target[i], h)) continue;
    const double at = prediction[i];
    prediction[i] = at + h;
    const double above = value_and_gradient<double>(loss, prediction, target, {}, batch);
    prediction[i] = at - h;
    const double below = value_and_gradient<double>(loss, prediction, target, {}, batch);
    prediction[i] = at;
    const double numeric = (above - below) / (2 * h);
    // Differences of a mean over all values lose digits: below a thousandth of the largest they say nothing.
    const double scale = std::max({std::abs(gradient[i]), std::abs(numeric), 1e-3 * largest});
    error = std::max(error, std::abs(gradient[i] - numeric) / scale);
  }
  return error;
}

std::vector<double> face_with_eyes_apart(double x, double y) {
  std::vector<double> face(kValues, 0.25);
  face[2 * kLeftEyeOuter] = face[2 * kLeftEyeOuter + 1] = 0;
  face[2 * kRightEyeOuter] = x;
  face[2 * kRightEyeOuter + 1] = y;
  return face;
}

}  // namespace

TEST_CASE("l2, l1, smooth-l1 and wing have the values worked out by hand") {
  // Two samples of two values; differences 0.5, -2, 0, 3.
  const std::vector<double> prediction{1.5, 0, 1, 4}, target{1, 2, 1, 1};

  const auto l2 = run(Loss{.kind = Kind::l2}, prediction, target, 2);
  CHECK(l2.value == Approx((0.25 + 4 + 0 + 9) / 4));
  CHECK(l2.gradient == std::vector<double>{0.25, -1, 0, 1.5});

  const auto l1 = run(Loss{.kind = Kind::l1}, prediction, target, 2);
  CHECK(l1.value == Approx((0.5 + 2 + 0 + 3) / 4));
  CHECK(l1.gradient == std::vector<double>{0.25, -0.25, 0, 0.25});

  const auto smooth = run(Loss{.kind = Kind::smooth_l1, .beta = 1}, prediction, target, 2);
  CHECK(smooth.value == Approx((0.125 + 1.5 + 0 + 2.5) / 4));
  CHECK(smooth.gradient == std::vector<double>{0.125, -0.25, 0, 0.25});

  // w = 2, epsilon = 0.5: inside 2 ln(1 + 0.5 / 0.5) = 2 ln 2, slope 2 / (0.5 + 0.5) = 2; C = 2 - 2 ln 5.
  const auto wing = run(Loss{.kind = Kind::wing, .w = 2, .epsilon = 0.5f}, prediction, target, 2);
  const double c = 2 - 2 * std::log(5.0);
  CHECK(wing.value == Approx((2 * std::log(2.0) + (2 - c) + 0 + (3 - c)) / 4));
  CHECK(wing.gradient == std::vector<double>{0.5, -0.25, 0, 0.25});
}

TEST_CASE("wing and smooth-l1 have no jump where their parts meet") {
  for (const Kind kind : {Kind::wing, Kind::smooth_l1}) {
    const Loss loss{.kind = kind, .beta = 0.25f, .w = 0.25f, .epsilon = 0.125f};
    const double below = run<double>(loss, {0.25 - 1e-12}, {0}, 1).value;
    CHECK(run<double>(loss, {0.25}, {0}, 1).value == Approx(below).epsilon(1e-9));
  }
}

TEST_CASE("nme is the mean distance over the true eye distance") {
  // The outer eye corners are 5 apart (3, 4) in the first face and 2 apart in the second.
  std::vector<double> target = face_with_eyes_apart(3, 4);
  const std::vector<double> second = face_with_eyes_apart(0, 2);
  target.insert(target.end(), second.begin(), second.end());
  std::vector<double> prediction = target;
  prediction[0] += 0.3, prediction[1] -= 0.4;  // distance 0.5
  prediction[kValues + 20] += 1;               // distance 1
  const auto result = run(Loss{.kind = Kind::nme}, prediction, target, 2);
  CHECK(result.value == Approx((0.5 / 5 / 68 + 1.0 / 2 / 68) / 2));
  CHECK(result.gradient[0] == Approx(0.6 / 5 / 68 / 2));
  CHECK(result.gradient[1] == Approx(-0.8 / 5 / 68 / 2));
  CHECK(result.gradient[kValues + 20] == Approx(1.0 / 2 / 68 / 2));
  // Every other point is exactly in place: no direction, no gradient, no NaN.
  CHECK(std::count(result.gradient.begin(), result.gradient.end(), 0.0) == 2 * kValues - 3);

  const auto perfect = run(Loss{.kind = Kind::nme}, target, target, 2);
  CHECK(perfect.value == 0);
  CHECK(std::count(perfect.gradient.begin(), perfect.gradient.end(), 0.0) == 2 * kValues);
}

TEST_CASE("gradients agree with central differences, and a wrong one does not") {
  const int batch = GENERATE(1, 3);
  const auto n = static_cast<std::size_t>(batch * kValues);
  const std::vector<double> target = random_values(n, 1);
  // Near enough to the target for both parts of wing and smooth-l1 to occur.
  std::vector<double> prediction = random_values(n, 2);
  for (std::size_t i = 0; i < n; ++i) prediction[i] = target[i] + 0.3 * (prediction[i] - 0.5);
  for (const std::string_view kind : kLossNames) {
    CAPTURE(kind, batch);
    const Loss loss = loss_by_name(kind);
    auto result = run(loss, prediction, target, batch);
    CHECK(gradient_error(loss, prediction, target, batch, result.gradient) < 1e-6);
    CHECK(value_and_gradient<double>(loss, prediction, target, {}, batch) == result.value);

    std::vector<double> wrong = result.gradient;
    wrong[11] *= 1.001;
    CHECK(gradient_error(loss, prediction, target, batch, wrong) > 1e-4);
    for (std::size_t i = 0; i < n; ++i) wrong[i] = result.gradient[i] * batch * 2;
    CHECK(gradient_error(loss, prediction, target, batch, wrong) > 0.1);
  }
}

TEST_CASE("float agrees with double") {
  const std::vector<double> target = random_values(2 * kValues, 3), prediction = random_values(2 * kValues, 4);
  const std::vector<float> target_f(target.begin(), target.end()), prediction_f(prediction.begin(), prediction.end());
  for (const std::string_view kind : kLossNames) {
    CAPTURE(kind);
    const auto exact = run(loss_by_name(kind), prediction, target, 2);
    const auto close = run(loss_by_name(kind), prediction_f, target_f, 2);
    CHECK(static_cast<double>(close.value) == Approx(exact.value).epsilon(1e-6));
    for (std::size_t i = 0; i < target.size(); ++i) {
      REQUIRE(static_cast<double>(close.gradient[i]) == Approx(exact.gradient[i]).epsilon(1e-5).margin(1e-8));
    }
  }
}

TEST_CASE("losses go by name") {
  for (const std::string_view kind : kLossNames) CHECK(name(loss_by_name(kind)) == kind);
  CHECK(loss_by_name("wing").kind == Kind::wing);
  CHECK_THROWS_WITH(loss_by_name("winge"),
                    "loss: there is no loss of this name (wanted l2, l1, smooth-l1, wing or nme, "
                    "got 'winge')");
}

TEST_CASE("what does not fit is refused") {
  const auto value = [](const Loss& loss, std::size_t predictions, std::size_t targets, std::size_t gradients,
                        int batch) {
    std::vector<float> p(predictions), t(targets), g(gradients);
    return value_and_gradient<float>(loss, p, t, g, batch);
  };
  const Loss l2, nme{.kind = Kind::nme};
  CHECK(value(l2, 4, 4, 4, 2) == 0);
  CHECK_THROWS_AS(value(l2, 4, 3, 4, 2), ArgumentError);
  CHECK_THROWS_AS(value(l2, 4, 4, 3, 2), ArgumentError);
  CHECK_THROWS_AS(value(l2, 4, 4, 4, 3), ArgumentError);
  CHECK_THROWS_AS(value(l2, 0, 0, 0, 1), ArgumentError);
  CHECK_THROWS_AS(value(l2, 4, 4, 4, 0), ArgumentError);
  CHECK_THROWS_AS(value(nme, 4, 4, 4, 1), ArgumentError);
  CHECK_THROWS_AS(value(Loss{.kind = Kind::wing, .epsilon = 0}, 4, 4, 4, 1), ArgumentError);
  // All points in one place, and eyes at NaN.
  CHECK_THROWS_AS(value(nme, kValues, kValues, kValues, 1), ArgumentError);
  std::vector<double> face = face_with_eyes_apart(1, 0);
  face[2 * kLeftEyeOuter] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(run(nme, face, face, 1), ArgumentError);
}
