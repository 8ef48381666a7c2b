// Losses of points with a spread, of heat maps, and all together: values by hand, gradients against differences.
#include "lineament/landmarker/face_losses.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "catch.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/random.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

using Values = std::vector<double>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Values random_values(std::size_t n, std::uint64_t stream, float low = 0, float high = 1) {
  Random random(5, stream);
  Values v(n);
  for (double& x : v) x = static_cast<double>(random.uniform(low, high));
  return v;
}

/// 3 points; the eye corners are the first two.
PointLikelihood three(ErrorLaw law) {
  return {law, 3, {0, 1}};
}

struct Result {
  double value;
  Values gradient, scales;
};
Result run(const PointLikelihood& loss, const Values& output, const Values& s, const Values& truth, int batch,
           const Values& weights = {}) {
  Result r{0, Values(output.size(), kNaN), Values(s.size(), kNaN)};
  r.value = loss(std::span<const double>(output), s, truth, weights, r.gradient, r.scales, batch);
  return r;
}

/// Of a function of a list, at the place `x`.
template <class F>
double slope(F&& f, Values& list, std::size_t i) {
  constexpr double h = 1e-5;
  const double at = list[i];
  list[i] = at + h;
  const double above = f();
  list[i] = at - h;
  const double below = f();
  list[i] = at;
  return (above - below) / (2 * h);
}

HeatmapDivergence small_maps() {
  return {.height = 16, .width = 20, .points = 3, .sigma = 1};
}

/// The divergence written down once more, with full distributions and all logarithms.
double divergence_by_hand(const Values& maps, double x, double y, std::size_t k, int height, int width,
                          std::size_t points) {
  Values t, h;
  double t_sum = 0, h_sum = 0;
  for (int r = 0; r < height; ++r)
    for (int c = 0; c < width; ++c) {
      const double dx = c + 0.5 - x * width, dy = r + 0.5 - y * height;
      t.push_back(std::exp(-(dx * dx + dy * dy) / 2));
      h.push_back(std::exp(maps[static_cast<std::size_t>(r * width + c) * points + k]));
      t_sum += t.back(), h_sum += h.back();
    }
  double sum = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double a = t[i] / t_sum, b = h[i] / h_sum, m = (a + b) / 2;
    if (a > 0) sum += 0.5 * a * std::log(a / m);
    sum += 0.5 * b * std::log(b / m);
  }
  return sum;
}

}  // namespace

TEST_CASE("the likelihoods have the values worked out by hand") {
  // Eye corners 0.5 apart; errors 0.05, 0, 0, -0.1, 0, 0 are 0.1 and 0.2 of it, 2 and 4 in units of a twentieth.
  const Values truth{0, 0, 0.3, 0.4, 0.7, 0.7};
  Values output = truth;
  output[0] += 0.05, output[3] -= 0.1;
  const double ln2 = std::numbers::ln2;
  const Values s{0, ln2, -1};  // the second point's errors count half
  const Result l = run(three(ErrorLaw::laplace), output, s, truth, 1);
  CHECK(l.value == Approx((2 + 0 + 4 / 2.0 + 2 * ln2 - 2) / 6));
  CHECK(l.gradient[0] == Approx(20 / 0.5 / 6));
  CHECK(l.gradient[3] == Approx(-20 / 0.5 / 2 / 6));
  CHECK(l.gradient[1] == 0);
  CHECK(l.scales[0] == Approx((1 - 2 + 1) / 6.0).margin(1e-12));
  CHECK(l.scales[1] == Approx((1 + 1 - 4 / 2.0) / 6).margin(1e-12));
  CHECK(l.scales[2] == Approx(2 / 6.0));
  const double pi = std::numbers::pi;
  const Result g = run(three(ErrorLaw::gaussian), output, s, truth, 1);
  CHECK(g.value == Approx((4 / pi + 4 / pi + 2 * ln2 - 2) / 6));
  CHECK(g.gradient[0] == Approx(2 * 2 / pi * 40 / 6));
  CHECK(g.scales[0] == Approx((2 - 2 * 4 / pi) / 6));
}

TEST_CASE("the scale that fits best says the mean error, under either law") {
  // Many errors of each law with a mean of |e| of 0.03 of the eyes' distance: the slope by s is 0 there.
  for (const ErrorLaw law : {ErrorLaw::laplace, ErrorLaw::gaussian}) {
    constexpr int kFaces = 4000;
    Random random(3);
    Values truth, output, s;
    for (int i = 0; i < kFaces; ++i) {
      truth.insert(truth.end(), {0, 0, 1, 0, 0.5, 0.5});
      for (std::size_t k = 0; k < 6; ++k) {
        const auto u = static_cast<double>(random.uniform(1e-7f, 1)), sign = random.chance(0.5f) ? 1.0 : -1.0;
        const double e = law == ErrorLaw::laplace
                             ? -std::log(u) * 0.03 * sign
                             : static_cast<double>(random.normal()) * 0.03 * std::sqrt(std::numbers::pi / 2);
        output.push_back(truth[truth.size() - 6 + k] + e);
      }
      s.insert(s.end(), 3, std::log(20 * 0.03));
    }
    const Result r = run(three(law), output, s, truth, kFaces);
    double sum = 0;
    for (const double d : r.scales) sum += d;
    CHECK(std::abs(sum) < 0.03);
  }
  // The mean distance is then 1.6 times as large: of two errors of a mean of 0.03 each.
  CHECK(spread_of(std::log(20 * 0.03f), 100) == Approx(1.6 * 3));
  Landmarks face(kPoints, Point{50, 50});
  CHECK(spread_unit(face, 100) == Approx(20));  // in a heap: nothing is sure
  face[36].x = 20;
  CHECK(spread_unit(face, 100) == Approx(30));
  CHECK(spread_unit(face, 200) == Approx(40));
  CHECK(spread_of(-50, 100) == Approx(1.6 * std::exp(-6.0) / 20 * 100));
  Random random(4);
  double laplace = 0, gauss = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto e = [&] { return -std::log(static_cast<double>(random.uniform(1e-7f, 1))); };
    laplace += std::hypot(e(), e()) / 20000;
    gauss += std::hypot(static_cast<double>(random.normal()), static_cast<double>(random.normal())) *
             std::sqrt(std::numbers::pi / 2) / 20000;
  }
  CHECK(laplace == Approx(1.6).epsilon(0.03));
  CHECK(gauss == Approx(1.6).epsilon(0.03));
}

TEST_CASE("gradients of the likelihoods agree with differences; clamped scales have none") {
  const ErrorLaw law = GENERATE(ErrorLaw::laplace, ErrorLaw::gaussian);
  Values output = random_values(12, 1), truth = random_values(12, 2), s = random_values(6, 3, -2, 2);
  s[1] = 3.5, s[4] = -7;
  truth[0] = truth[6] = 0.1, truth[2] = truth[8] = 0.8;        // eyes apart
  output[8] = truth[8] + 0.002, output[9] = truth[9] - 0.001;  // where s is low: else rounding is all that one sees
  for (const Values& weights : {Values{}, random_values(12, 4)}) {
    const Result r = run(three(law), output, s, truth, 2, weights);
    const auto value = [&] {
      return three(law)(std::span<const double>(output), s, truth, weights, std::span<double>(), std::span<double>(),
                        2);
    };
    CHECK(value() == r.value);
    const auto like = [](double wanted) { return Approx(wanted).epsilon(1e-6).margin(1e-7); };
    for (std::size_t i = 0; i < output.size(); ++i) CHECK(r.gradient[i] == like(slope(value, output, i)));
    for (std::size_t i = 0; i < s.size(); ++i) CHECK(r.scales[i] == like(slope(value, s, i)));
    CHECK(r.scales[1] == 0);
    CHECK(r.scales[4] == 0);
  }
}

TEST_CASE("points of weight 0 are left out, with their scales, and faces of which an eye corner is") {
  const PointLikelihood loss = three(ErrorLaw::laplace);
  const Values output = random_values(12, 1), s = random_values(6, 3);
  Values truth = random_values(12, 2), weights(12, 1.0);
  const Result plain = run(loss, output, s, truth, 2), ones = run(loss, output, s, truth, 2, weights);
  CHECK(plain.value == ones.value);
  CHECK(plain.gradient == ones.gradient);
  CHECK(plain.scales == ones.scales);

  const Result alone = run(loss, Values(output.begin(), output.begin() + 6), Values(s.begin(), s.begin() + 3),
                           Values(truth.begin(), truth.begin() + 6), 1);
  weights[6] = 0, truth[6] = kNaN;  // the second face's left corner
  const Result first = run(loss, output, s, truth, 2, weights);
  CHECK(first.value == Approx(alone.value));
  for (std::size_t i = 6; i < 12; ++i) CHECK(first.gradient[i] == 0);
  for (std::size_t i = 3; i < 6; ++i) CHECK(first.scales[i] == 0);

  weights[4] = weights[5] = 0, truth[4] = truth[5] = kNaN;  // and the first one's third point
  const Result two = run(loss, output, s, truth, 2, weights);
  CHECK(std::isfinite(two.value));
  CHECK(two.gradient[4] == 0);
  CHECK(two.scales[2] == 0);
  CHECK(two.scales[0] == Approx(first.scales[0] * 6 / 4));
  CHECK(run(loss, output, s, truth, 2, Values(12, 0.0)).value == 0);
}

TEST_CASE("a face seen from the side counts as one a twentieth of the crop wide; one without a size is refused") {
  const PointLikelihood loss = three(ErrorLaw::laplace);
  const Values s(3, 0.0), output{0.5, 0.5, 0.5, 0.5, 0.6, 0.5};
  CHECK(run(loss, output, s, {0.5, 0.5, 0.51, 0.5, 0.5, 0.5}, 1).value == Approx(20 * 0.11 / 0.05 / 6));
  CHECK_THROWS_WITH(run(loss, output, s, {0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, 1),
                    Catch::StartsWith("loss laplace, sample 0"));
  CHECK_THROWS_WITH(run(loss, output, Values(2), output, 1), Catch::Contains("3, one a point"));
  CHECK_THROWS_AS(run(loss, Values(8), Values(4), Values(8), 1), ArgumentError);
}

TEST_CASE("the divergence of heat maps is that of whole distributions, and its gradient agrees with differences") {
  const HeatmapDivergence loss = small_maps();
  const std::size_t pixels = 16 * 20 * 3;
  Values maps = random_values(2 * pixels, 1, -3, 3);
  const Values truth{0.2, 0.3, 0.9, 0.99, 0.5, 0.5, 0.01, 0.7, 0.4, 0.4, 1.2, 0.5};  // the last one lies beside the map
  const auto value = [&](const Values& weights) {
    return loss(std::span<const double>(maps), truth, weights, std::span<double>(), 2);
  };
  double sum = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const Values face(maps.begin() + static_cast<std::ptrdiff_t>(i / 3 * pixels),
                      maps.begin() + static_cast<std::ptrdiff_t>((i / 3 + 1) * pixels));
    sum += divergence_by_hand(face, truth[2 * i], truth[2 * i + 1], i % 3, 16, 20, 3) / 5;
  }
  CHECK(value({}) == Approx(sum).epsilon(1e-6));
  CHECK(value({}) < std::numbers::ln2);

  Values weights(12, 1.0);
  weights[2] = 0, weights[9] = 0.5;
  for (const Values& w : {Values{}, weights}) {
    Values gradient(maps.size(), kNaN);
    CHECK(loss(std::span<const double>(maps), truth, w, gradient, 2) == value(w));
    for (std::size_t i = 0; i < maps.size(); i += 31)
      CHECK(gradient[i] == Approx(slope([&] { return value(w); }, maps, i)).epsilon(1e-5).margin(1e-9));
    for (std::size_t i = pixels + 2; i < 2 * pixels; i += 3) REQUIRE(gradient[i] == 0);
  }
  CHECK(value(Values(12, 0.0)) == 0);

  // A map that is its point's Gaussian has none.
  Values fit(pixels);
  for (std::size_t i = 0; i < 16 * 20; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      const double dx = static_cast<double>(i % 20) + 0.5 - 20 * 0.5, dy = static_cast<double>(i / 20) + 0.5 - 16 * 0.5;
      fit[3 * i + k] = -(dx * dx + dy * dy) / 2;
    }
  CHECK(loss(std::span<const double>(fit), Values(6, 0.5), {}, std::span<double>(), 1) == Approx(0).margin(1e-6));
  CHECK_THROWS_AS(loss(std::span<const double>(fit), Values(12, 0.5), {}, std::span<double>(), 2), ArgumentError);
}

TEST_CASE("in float the same as in double") {
  const Values output = random_values(12, 1), truth = random_values(12, 2), s = random_values(6, 3),
               maps = random_values(2 * 960, 4, -3, 3);
  const auto single = [](const Values& v) { return std::vector<float>(v.begin(), v.end()); };
  const PointLikelihood loss = three(ErrorLaw::laplace);
  const Result exact = run(loss, output, s, truth, 2);
  std::vector<float> gradient(12), scales(6), of_maps(maps.size());
  const auto o = single(output), m = single(maps);
  CHECK(static_cast<double>(loss(std::span<const float>(o), single(s), single(truth), {}, gradient, scales, 2)) ==
        Approx(exact.value).epsilon(1e-5));
  for (std::size_t i = 0; i < 12; ++i)
    CHECK(static_cast<double>(gradient[i]) == Approx(exact.gradient[i]).epsilon(1e-4));
  Values exact_maps(maps.size());
  const double divergence = small_maps()(std::span<const double>(maps), truth, {}, exact_maps, 2);
  CHECK(static_cast<double>(small_maps()(std::span<const float>(m), single(truth), {}, of_maps, 2)) ==
        Approx(divergence).epsilon(1e-5));
  for (std::size_t i = 0; i < maps.size(); ++i)
    REQUIRE(static_cast<double>(of_maps[i]) == Approx(exact_maps[i]).epsilon(1e-3).margin(1e-7));
}

namespace {

/// Heat maps of 8x8 for faces of 32 pixels.
Network small_network(bool with_spread = true, bool with_face = false) {
  Spec net;
  const NodeId a = net.add(Conv2d{.channels = 8, .stride = 4}, Spec::kInput);
  const NodeId maps = net.add(Conv2d{.channels = kPoints, .kernel = 1}, net.add(ReLU{}, a), kHeatmapsOutput);
  const NodeId coarse = net.add(SoftArgmax{}, maps, kCoarseOutput);
  const NodeId mean = net.add(GlobalAvgPool{}, a);
  const NodeId points =
      net.add(Add{}, {coarse, net.add(Dense{.features = kValues, .starts_at_zero = true}, mean)}, kPointsOutput);
  net.mark_output(points);
  net.mark_output(coarse);
  if (with_spread) net.mark_output(net.add(Dense{.features = kPoints}, mean, kSpreadOutput));
  net.mark_output(maps);
  if (with_face) net.mark_output(net.add(Dense{.features = 1}, mean, kFaceOutput));
  return Network(net, Shape{32, 32, 3}, 1);
}

struct Gradients {
  double value = 0;
  std::vector<std::vector<float>> of;  // by output
};

Gradients joint(const JointLoss& loss, const Network& network, const std::vector<float>& weights = {}) {
  Gradients g;
  std::vector<std::vector<float>> values;
  std::vector<OutputBatch<float>> outputs;
  for (const Port& port : network.outputs()) {
    const Values v = random_values(port.shape.size(), 20 + values.size());
    values.emplace_back(v.begin(), v.end());
    g.of.emplace_back(v.size(), 0.0f);
  }
  for (std::size_t i = 0; i < values.size(); ++i) outputs.push_back({network.outputs()[i].name, values[i], g.of[i]});
  const Values t = random_values(kValues, 30);
  const std::vector<float> truth(t.begin(), t.end());
  g.value = loss(outputs, truth, weights, 1);
  return g;
}

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

}  // namespace

TEST_CASE("together: the terms add up, the scales learn nothing by the coarse points, and each can be left out") {
  const Network network = small_network();
  const auto with = [&](double coarse, double heatmaps) {
    return joint(joint_face_loss("laplace", network, {coarse, heatmaps}), network);
  };
  const Gradients points = with(0, 0), coarse = with(0.5, 0), twice = with(1, 0), all = with(0.5, 0.3),
                  most = with(0.5, 0.6);
  CHECK(all_zero(points.of[1]));
  CHECK_FALSE(all_zero(points.of[2]));
  CHECK(all_zero(points.of[3]));
  CHECK(coarse.of[2] == points.of[2]);
  CHECK(twice.value - points.value == Approx(2 * (coarse.value - points.value)));
  CHECK(twice.of[1][5] == Approx(2 * coarse.of[1][5]));
  CHECK(most.value - coarse.value == Approx(2 * (all.value - coarse.value)));
  CHECK(most.of[3][77] == Approx(2 * all.of[3][77]));
  CHECK(all.of[0] == points.of[0]);

  const Network plain = small_network(false);
  CHECK(joint(joint_face_loss("wing", plain), plain).value > 0);
}

TEST_CASE("of faces: the cross-entropy, by hand, and its gradient against differences") {
  const FaceCrossEntropy loss{.points = 3};
  Values odds{0.3, -2, 1.5, 40, -40};
  const Values weights{1, 1, 0, 0, 1, 1, /* none */ 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0,
                       0, 0, 1, 1, 0, 0};
  Values gradient(5, kNaN);
  const auto value = [&] { return loss(std::span<const double>(odds), weights, {}, 5); };
  const auto p = [](double z) { return 1 / (1 + std::exp(-z)); };
  CHECK(loss(std::span<const double>(odds), weights, gradient, 5) ==
        Approx((-std::log(p(0.3)) - std::log(1 - p(-2)) - std::log(p(1.5)) + 40 + 40) / 5));
  for (std::size_t i = 0; i < 5; ++i) CHECK(gradient[i] == Approx(slope(value, odds, i)).margin(1e-9));
  CHECK(gradient[0] < 0);
  CHECK(gradient[1] > 0);

  // Without weights all are faces; a sample of weights that do not fit is refused.
  CHECK(loss(std::span<const double>(odds), {}, {}, 5) > 40.0 / 5);
  CHECK_THROWS_AS(loss(std::span<const double>(odds), Values(6), {}, 5), ArgumentError);
  CHECK_THROWS_AS(loss(std::span<const double>(odds), weights, {}, 4), ArgumentError);
}

TEST_CASE("together: a crop without a face teaches the output 'face' alone") {
  const Network network = small_network(true, true);
  const JointLoss loss = joint_face_loss("laplace", network, {.heatmaps = 0.3});
  const std::vector<float> none(kValues, 0.0f), all(kValues, 1.0f);
  const Gradients nothing = joint(loss, network, none), face = joint(loss, network, all);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(all_zero(nothing.of[i]));
    CHECK_FALSE(all_zero(face.of[i]));
  }
  CHECK(nothing.of[4][0] > 0);
  CHECK(face.of[4][0] < 0);
  CHECK(nothing.value > 0);
  const Gradients off = joint(joint_face_loss("laplace", network, {.face = 0}), network, none);
  CHECK(off.value == 0);
  CHECK(all_zero(off.of[4]));
}

TEST_CASE("a loss that a network cannot be trained by is refused, with what is missing") {
  const Network spread = small_network(), none(reference_network(), kReferenceInput);
  CHECK_THROWS_WITH(joint_face_loss("laplace", none), Catch::Contains("loss laplace") &&
                                                          Catch::Contains("no output 'spread'") &&
                                                          Catch::Contains("got dense2"));
  CHECK_THROWS_WITH(joint_face_loss("wing", none, {.heatmaps = 1}), Catch::Contains("no output 'heatmaps'"));
  CHECK_THROWS_WITH(joint_face_loss("wing", spread), Catch::Contains("'spread' would learn nothing"));
  CHECK_THROWS_WITH(joint_face_loss("cauchy", spread),
                    Catch::Contains("laplace, gaussian, l2") && Catch::Contains("'cauchy'"));
  CHECK_THROWS_AS(joint_face_loss("laplace", spread, {.coarse = -1}), ArgumentError);
  CHECK(face_loss_names().size() == 8);
}

TEST_CASE("faces are learnt by it: the loss falls, and the spread says which points are hard") {
  StoreOptions store;
  store.preprocessing.size = 32;
  store.threads = 1;
  const FaceStore faces = FaceStore::draw(1, 48, store, {.size = 64});
  Network network = small_network();
  FitOptions options;
  options.epochs = 30;
  options.batch_size = 16;
  options.schedule.rate = 1e-2f;
  options.joint_loss = joint_face_loss("laplace", network, {.heatmaps = 0.3});
  options.threads = 1;
  const FitResult result = fit(network, faces, nullptr, options);
  CHECK(result.epochs.back().train.loss < 0.7 * result.epochs.front().train.loss);
}
