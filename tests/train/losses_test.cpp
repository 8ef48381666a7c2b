// Losses: numbers worked by hand, gradients against central differences in double, weights, and a user's own.
#include "lineament/train/losses.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lineament/random.hpp"

using namespace lineament;

namespace {

template <class T>
struct Result {
  T value;
  std::vector<T> gradient;
};

/// NaN first in the gradient: what is not overwritten shows.
template <class T, class L>
Result<T> run(const L& loss, const std::vector<T>& output, const std::vector<T>& truth, int batch,
              const std::vector<T>& weights = {}) {
  std::vector<T> gradient(output.size(), std::numeric_limits<T>::quiet_NaN());
  const T value = loss(std::span<const T>(output), truth, weights, gradient, batch);
  return {value, gradient};
}

std::vector<double> random_values(std::size_t n, std::uint64_t stream) {
  Random random(7, stream);
  std::vector<double> v(n);
  for (double& x : v) x = static_cast<double>(random.uniform());
  return v;
}

/// Largest relative error of `gradient` against central differences; values nearer than `margin` to a kink of the loss
/// (a difference of 0 or +-kink) are left out.
template <class L>
double gradient_error(const L& loss, std::vector<double> output, const std::vector<double>& truth, int batch,
                      const std::vector<double>& weights, const std::vector<double>& gradient, double kink = 0) {
  constexpr double h = 1e-5, margin = 100 * h;
  double largest = 0;
  for (const double g : gradient) largest = std::max(largest, std::abs(g));
  double error = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double at = output[i], a = std::abs(at - truth[i]);
    if (a < margin || std::abs(a - kink) < margin) continue;
    const auto value = [&](double x) {
      output[i] = x;
      return loss(std::span<const double>(output), truth, weights, std::span<double>(), batch);
    };
    const double numeric = (value(at + h) - value(at - h)) / (2 * h);
    output[i] = at;
    // Differences of a mean over all values lose digits: below a thousandth of the largest they say nothing.
    const double scale = std::max({std::abs(gradient[i]), std::abs(numeric), 1e-3 * largest});
    error = std::max(error, std::abs(gradient[i] - numeric) / scale);
  }
  return error;
}

/// Differences small enough for both parts of wing and smooth-l1 to occur.
std::vector<double> near(const std::vector<double>& truth) {
  std::vector<double> output = random_values(truth.size(), 2);
  for (std::size_t i = 0; i < truth.size(); ++i) output[i] = truth[i] + 0.3 * (output[i] - 0.5);
  return output;
}

/// Distributions over `classes` classes, one after the other.
std::vector<double> distributions(std::size_t count, std::size_t classes) {
  std::vector<double> t = random_values(count * classes, 5);
  for (std::size_t first = 0; first < t.size(); first += classes) {
    double sum = 0;
    for (std::size_t i = 0; i < classes; ++i) sum += t[first + i];
    for (std::size_t i = 0; i < classes; ++i) t[first + i] /= sum;
  }
  return t;
}

/// Calls f(loss, truth, kink) with each loss of the library.
template <class F>
void each_loss(std::size_t values, F&& f) {
  const std::vector<double> truth = random_values(values, 1);
  f("l2", L2{}, truth, 0.0);
  f("l1", L1{}, truth, 0.0);
  f("smooth-l1", SmoothL1{}, truth, static_cast<double>(SmoothL1{}.beta));
  f("wing", Wing{}, truth, static_cast<double>(Wing{}.w));
  f("soft-wing", SoftWing{}, truth, static_cast<double>(SoftWing{}.w1));
  f("cross-entropy", CrossEntropy{.classes = 4}, distributions(values / 4, 4), 0.0);
}

}  // namespace

TEST_CASE("l2, l1, smooth-l1 and wing have the values worked out by hand") {
  // Two samples of two values; differences 0.5, -2, 0, 3.
  const std::vector<double> output{1.5, 0, 1, 4}, truth{1, 2, 1, 1};

  const auto l2 = run(L2{}, output, truth, 2);
  CHECK(l2.value == Approx((0.25 + 4 + 0 + 9) / 4));
  CHECK(l2.gradient == std::vector<double>{0.25, -1, 0, 1.5});

  const auto l1 = run(L1{}, output, truth, 2);
  CHECK(l1.value == Approx((0.5 + 2 + 0 + 3) / 4));
  CHECK(l1.gradient == std::vector<double>{0.25, -0.25, 0, 0.25});

  const auto smooth = run(SmoothL1{.beta = 1}, output, truth, 2);
  CHECK(smooth.value == Approx((0.125 + 1.5 + 0 + 2.5) / 4));
  CHECK(smooth.gradient == std::vector<double>{0.125, -0.25, 0, 0.25});

  // w = 2, epsilon = 0.5: inside 2 ln(1 + 0.5 / 0.5) = 2 ln 2, slope 2 / (0.5 + 0.5) = 2; C = 2 - 2 ln 5.
  const auto wing = run(Wing{.w = 2, .epsilon = 0.5f}, output, truth, 2);
  const double c = 2 - 2 * std::log(5.0);
  CHECK(wing.value == Approx((2 * std::log(2.0) + (2 - c) + 0 + (3 - c)) / 4));
  CHECK(wing.gradient == std::vector<double>{0.5, -0.25, 0, 0.25});

  // w1 = 1, w2 = 2, epsilon = 0.5: inside 0.5, slope 1; outside 2 ln(1 + 2x) + B, slope 2 / (0.5 + x); B = 1 - 2 ln 3.
  const auto soft = run(SoftWing{.w1 = 1, .w2 = 2, .epsilon = 0.5f}, output, truth, 2);
  const double b = 1 - 2 * std::log(3.0);
  CHECK(soft.value == Approx((0.5 + (2 * std::log(5.0) + b) + 0 + (2 * std::log(7.0) + b)) / 4));
  CHECK(soft.gradient[0] == 0.25);
  CHECK(soft.gradient[1] == Approx(-0.8 / 4));
  CHECK(soft.gradient[2] == 0);
  CHECK(soft.gradient[3] == Approx(2 / 3.5 / 4));
}

TEST_CASE("wing, soft-wing and smooth-l1 have no jump where their parts meet") {
  const auto jump = [](const auto& loss) {
    return run<double>(loss, {0.25}, {0}, 1).value - run<double>(loss, {0.25 - 1e-12}, {0}, 1).value;
  };
  CHECK(std::abs(jump(Wing{.w = 0.25f, .epsilon = 0.125f})) < 1e-9);
  CHECK(std::abs(jump(SoftWing{.w1 = 0.25f, .w2 = 1, .epsilon = 0.125f})) < 1e-9);
  CHECK(std::abs(jump(SmoothL1{.beta = 0.25f})) < 1e-9);
}

TEST_CASE("cross-entropy has the values worked out by hand") {
  // softmax of 0, ln 3 is 1/4, 3/4; of equal outputs 1/2, 1/2.
  const double ln3 = std::log(3.0);
  const auto two = run(CrossEntropy{}, std::vector<double>{0, ln3, 5, 5}, std::vector<double>{1, 0, 0.5, 0.5}, 2);
  CHECK(two.value == Approx((std::log(4.0) + std::log(2.0)) / 2));
  CHECK(two.gradient[0] == Approx((0.25 - 1) / 2));
  CHECK(two.gradient[1] == Approx(0.75 / 2));
  CHECK(two.gradient[2] == Approx(0).margin(1e-12));
  // One sample that is a map of two distributions is the same mean.
  CHECK(run(CrossEntropy{.classes = 2}, std::vector<double>{0, ln3, 5, 5}, std::vector<double>{1, 0, 0.5, 0.5}, 1)
            .value == Approx(two.value));
  // Outputs whose exp is infinite.
  const auto far = run(CrossEntropy{}, std::vector<double>{1000, -1000, 999}, std::vector<double>{0, 0, 1}, 1);
  CHECK(far.value == Approx(1 + std::log1p(std::exp(-1.0))));
  for (const double g : far.gradient) CHECK(std::isfinite(g));
}

TEST_CASE("gradients agree with central differences, with and without weights, and a wrong one does not") {
  const int batch = GENERATE(1, 3);
  const auto n = static_cast<std::size_t>(batch * 136);
  std::vector<double> some = random_values(n, 9);
  for (std::size_t i = 0; i < n; i += 3) some[i] = 0;
  each_loss(n, [&](const char* name, const auto& loss, const std::vector<double>& truth, double kink) {
    const std::vector<double> output = near(truth);
    for (const std::vector<double>& weights : {std::vector<double>{}, some}) {
      CAPTURE(name, batch, weights.size());
      const auto result = run(loss, output, truth, batch, weights);
      CHECK(gradient_error(loss, output, truth, batch, weights, result.gradient, kink) < 1e-5);
      CHECK(loss(std::span<const double>(output), truth, weights, std::span<double>(), batch) == result.value);

      std::vector<double> wrong = result.gradient;
      wrong[11] *= 1.001;
      CHECK(gradient_error(loss, output, truth, batch, weights, wrong, kink) > 1e-4);
      for (std::size_t i = 0; i < n; ++i) wrong[i] = result.gradient[i] * batch * 2;
      CHECK(gradient_error(loss, output, truth, batch, weights, wrong, kink) > 0.1);
    }
  });
}

TEST_CASE("float agrees with double") {
  each_loss(2 * 136, [](const char* name, const auto& loss, const std::vector<double>& truth, double) {
    CAPTURE(name);
    const std::vector<double> output = near(truth);
    const auto exact = run(loss, output, truth, 2);
    const auto close =
        run(loss, std::vector<float>(output.begin(), output.end()), std::vector<float>(truth.begin(), truth.end()), 2);
    CHECK(static_cast<double>(close.value) == Approx(exact.value).epsilon(1e-6));
    for (std::size_t i = 0; i < truth.size(); ++i)
      REQUIRE(static_cast<double>(close.gradient[i]) == Approx(exact.gradient[i]).epsilon(1e-5).margin(1e-8));
  });
}

TEST_CASE("weights of 1 change no bit, and values of weight 0 are as if they were not there") {
  each_loss(2 * 136, [](const char* name, const auto& loss, const std::vector<double>& truth, double) {
    CAPTURE(name);
    const std::vector<double> output = near(truth);
    const auto plain = run(loss, output, truth, 2);
    const auto ones = run(loss, output, truth, 2, std::vector<double>(truth.size(), 1.0));
    CHECK(ones.value == plain.value);
    CHECK(ones.gradient == plain.gradient);

    // The second sample is not known; its truth is NaN.
    std::vector<double> half = truth, weights(truth.size(), 1.0);
    for (std::size_t i = 136; i < 2 * 136; ++i) half[i] = std::numeric_limits<double>::quiet_NaN(), weights[i] = 0;
    const auto known = run(loss, output, half, 2, weights);
    const auto alone = run(loss, std::vector<double>(output.begin(), output.begin() + 136),
                           std::vector<double>(truth.begin(), truth.begin() + 136), 1);
    CHECK(known.value == alone.value);
    for (std::size_t i = 0; i < 136; ++i) REQUIRE(known.gradient[i] == alone.gradient[i]);
    for (std::size_t i = 136; i < 2 * 136; ++i) REQUIRE(known.gradient[i] == 0);

    const auto nothing = run(loss, output, half, 2, std::vector<double>(truth.size(), 0.0));
    CHECK(nothing.value == 0);
    CHECK(std::count(nothing.gradient.begin(), nothing.gradient.end(), 0.0) == 2 * 136);
    weights[3] = -1;
    CHECK_THROWS_WITH(run(loss, output, truth, 2, weights), Catch::Contains("weight is out of range"));
  });
}

TEST_CASE("losses go by name") {
  const std::vector<float> output{0.25f, 0.75f}, truth{0, 1};
  std::vector<float> gradient(2);
  REQUIRE(losses().size() == 6);
  for (const NamedLoss& named : losses()) {
    CAPTURE(named.name);
    CHECK_FALSE(named.help.empty());
    CHECK(loss_by_name(named.name)(output, truth, {}, gradient, 1) > 0);
  }
  CHECK(loss_by_name("l1")(output, truth, {}, gradient, 1) == 0.25);
  CHECK_THROWS_WITH(loss_by_name("winge"),
                    "loss: there is no loss of this name (wanted l2, l1, smooth-l1, wing, soft-wing or cross-entropy, "
                    "got 'winge')");
}

TEST_CASE("any function of the right form is a loss") {
  const Loss own = [](std::span<const float> output, std::span<const float>, std::span<const float>,
                      std::span<float> gradient, int batch) {
    std::fill(gradient.begin(), gradient.end(), 1.0f);
    return static_cast<double>(output.size()) / batch;
  };
  std::vector<float> values(6), gradient(6);
  CHECK(own(values, values, {}, gradient, 2) == 3);
}

TEST_CASE("what does not fit is refused") {
  const auto value = [](const Loss& loss, std::size_t outputs, std::size_t truths, std::size_t weights,
                        std::size_t gradients, int batch) {
    std::vector<float> p(outputs), t(truths), w(weights), g(gradients);
    return loss(p, t, w, g, batch);
  };
  CHECK(value(L2{}, 4, 4, 0, 4, 2) == 0);
  for (const NamedLoss& named : losses()) {
    CAPTURE(named.name);
    const Loss loss = named.make();
    CHECK_THROWS_AS(value(loss, 4, 3, 0, 4, 2), ArgumentError);
    CHECK_THROWS_AS(value(loss, 4, 4, 3, 4, 2), ArgumentError);
    CHECK_THROWS_AS(value(loss, 4, 4, 0, 3, 2), ArgumentError);
    CHECK_THROWS_AS(value(loss, 4, 4, 0, 4, 3), ArgumentError);
    CHECK_THROWS_AS(value(loss, 0, 0, 0, 0, 1), ArgumentError);
    CHECK_THROWS_AS(value(loss, 4, 4, 0, 4, 0), ArgumentError);
  }
  CHECK_THROWS_WITH(value(Wing{.epsilon = 0}, 4, 4, 0, 4, 1), Catch::StartsWith("loss wing: epsilon is out of range"));
  CHECK_THROWS_AS(value(Wing{.w = -1}, 4, 4, 0, 4, 1), ArgumentError);
  CHECK_THROWS_AS(value(SoftWing{.w2 = 0}, 4, 4, 0, 4, 1), ArgumentError);
  CHECK_THROWS_AS(value(SmoothL1{.beta = 0}, 4, 4, 0, 4, 1), ArgumentError);
  CHECK_THROWS_WITH(value(CrossEntropy{.classes = 3}, 4, 4, 0, 4, 1), Catch::Contains("a divisor of the 4 values"));
  CHECK_THROWS_WITH(value(CrossEntropy{}, 4, 4, 0, 4, 2),
                    Catch::Contains("distribution 0") && Catch::Contains("a sum of 0"));
}
