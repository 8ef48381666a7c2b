// One loss of all outputs, samples whose truth is that of the first outputs, averaged weights, and a mix of two
// sources.
#include <cmath>
#include <utility>

#include "catch.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"

using namespace lineament;

namespace {

/// 3 pixels in; 2 values out, of which the second is that of the first times `slope`.
struct Pairs : SampleSource {
  float slope;
  explicit Pairs(float s) : slope(s) {}
  std::size_t size() const override { return 24; }
  std::size_t pixels_per_sample() const override { return 3; }
  std::size_t values_per_sample() const override { return 2; }
  void prepare(std::size_t i, Random random, bool augmented, const Sample& to) const override {
    Random own(9, i);
    for (float& p : to.pixels) p = own.uniform(-1, 1) + (augmented ? 0.05f * random.normal() : 0.0f);
    to.values[0] = to.pixels[0] + to.pixels[1];
    to.values[1] = slope * to.values[0];
  }
};

/// Outputs "value" {2}, with a truth, and "size" {1}, which has none.
Network network_of_two(bool norm = false) {
  Spec net;
  NodeId hidden = net.add(Dense{.features = 6}, Spec::kInput, "hidden");
  if (norm) hidden = net.add(BatchNorm{}, hidden, "norm");
  const NodeId value = net.add(Dense{.features = 2}, hidden, "value"),
               size = net.add(Dense{.features = 1}, hidden, "size");
  net.mark_output(value);
  net.mark_output(size);
  return Network(net, Shape{3}, 1);
}

/// Squared errors, and "size" is to be the sum of "value".
double errors_and_size(std::span<const OutputBatch<float>> outputs, std::span<const float> truth,
                       std::span<const float> weights, int batch) {
  const auto [values, gradient] = std::pair(outputs[0].values, outputs[0].gradient);
  double loss = L2{}(values, truth, weights, gradient, batch);
  for (std::size_t k = 0; k < static_cast<std::size_t>(batch); ++k) {
    const float wanted = values[2 * k] + values[2 * k + 1];
    const float off = outputs[1].values[k] - wanted;
    loss += static_cast<double>(off * off) / batch;
    outputs[1].gradient[k] = 2 * off / static_cast<float>(batch);  // of "size" alone
  }
  return loss;
}

FitOptions options_of(int epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 8;
  options.schedule = {.rate = 0.02f};
  options.threads = 1;
  options.joint_loss = errors_and_size;
  return options;
}

std::vector<float> copy_of(std::span<const float> values) {
  return {values.begin(), values.end()};
}

std::vector<NamedValue> first_error(std::span<const float> output, std::span<const float> truth,
                                    std::span<const float>) {
  CHECK(output.size() == 2);  // what has a truth, and no more
  return {{"error", std::abs(static_cast<double>(output[0] - truth[0]))}};
}

}  // namespace

TEST_CASE("a joint loss trains outputs without a truth, which metrics do not see") {
  const Pairs pairs(2);
  Network network = network_of_two();
  FitOptions options = options_of(150);
  options.metric = first_error;
  const FitResult result = fit(network, pairs, &pairs, options);
  CHECK(result.epochs.back().validation->loss < 0.05 * result.epochs.front().validation->loss);
  std::size_t seen = 0;
  for_each_prediction(network, pairs, {}, [&](const Prediction& p) {
    ++seen;
    REQUIRE(p.output.size() == 3);
    REQUIRE(p.truth.size() == 2);
    CHECK(p.judged().size() == 2);
  });
  CHECK(seen == 24);
  CHECK(evaluate(network, pairs, first_error).metric("error") == result.epochs.back().validation->metric("error"));
}

TEST_CASE("a joint loss that adds losses up is those losses; gradients it leaves alone are 0") {
  struct Three : SampleSource {
    std::size_t size() const override { return 8; }
    std::size_t pixels_per_sample() const override { return 3; }
    std::size_t values_per_sample() const override { return 3; }
    void prepare(std::size_t i, Random, bool, const Sample& to) const override {
      for (std::size_t k = 0; k < 3; ++k) to.pixels[k] = to.values[k] = static_cast<float>(i % (k + 2));
    }
  };
  const Three samples;
  FitOptions apart = options_of(3);
  apart.joint_loss = {};
  apart.losses = {{"value", L2{}}, {"size", L2{}, 0}};
  FitOptions jointly = options_of(3);
  jointly.joint_loss = [](std::span<const OutputBatch<float>> outputs, std::span<const float> truth,
                          std::span<const float>, int batch) {
    REQUIRE(outputs.size() == 2);
    CHECK(outputs[0].name == "value");
    CHECK(outputs[1].name == "size");
    std::vector<float> of_value;
    for (std::size_t i = 0; i < truth.size(); i += 3) of_value.insert(of_value.end(), {truth[i], truth[i + 1]});
    for (const OutputBatch<float>& output : outputs)
      for (const float g : output.gradient) REQUIRE(g == 0);
    return static_cast<double>(L2{}(outputs[0].values, of_value, {}, outputs[0].gradient, batch));
  };
  Network a = network_of_two(), b = network_of_two();
  const FitResult x = fit(a, samples, &samples, apart), y = fit(b, samples, &samples, jointly);
  CHECK(copy_of(a.weights()) == copy_of(b.weights()));
  CHECK(x.epochs.back().validation->loss == Approx(y.epochs.back().validation->loss));
}

TEST_CASE("both kinds of loss at once are refused, and outputs without a truth where there is no joint loss") {
  const Pairs pairs(2);
  Network network = network_of_two();
  FitOptions both = options_of(1);
  both.loss = L1{};
  CHECK_THROWS_WITH(fit(network, pairs, nullptr, both), Catch::Contains("joint loss, and losses of outputs beside it"));
  both = options_of(1);
  both.losses = {{"value", L2{}}};
  CHECK_THROWS_AS(fit(network, pairs, nullptr, both), ArgumentError);
  FitOptions none = options_of(1);
  none.joint_loss = {};
  CHECK_THROWS_WITH(fit(network, pairs, nullptr, none),
                    Catch::Contains("got 3 in and 2 + 1 out") && Catch::Contains("joint_loss"));
}

TEST_CASE("only an output with a truth starts at the mean") {
  const Pairs pairs(2);
  Network network = network_of_two();
  FitOptions still = options_of(1);
  still.schedule.rate = 0;
  fit(network, pairs, nullptr, still);
  CHECK(copy_of(network.values(network.param("value.bias"))) == mean_values(pairs));
  CHECK(network.values(network.param("size.bias"))[0] == 0);
}

TEST_CASE("with ema the network is the average of those after each step, statistics included") {
  const Pairs pairs(2);
  FitOptions options = options_of(1);
  options.ema = 0.5;
  std::vector<std::vector<float>> after;  // of the network that is trained, step by step
  for (std::size_t steps = 1; steps <= 3; ++steps) {
    Network network = network_of_two(true);
    FitCallbacks stop;
    stop.on_step = [&](const StepReport& s) { return s.batch < steps; };
    FitOptions plain = options;
    plain.ema = 0;
    fit(network, pairs, nullptr, plain, stop);
    after.push_back(copy_of(std::as_const(network).weights()));
  }
  Network start = network_of_two(true);
  FitOptions still = options;
  still.ema = 0, still.schedule.rate = 0;
  FitCallbacks at_once;
  at_once.on_step = [](const StepReport&) { return false; };
  fit(start, pairs, nullptr, still, at_once);
  Network network = network_of_two(true);
  const FitResult result = fit(network, pairs, nullptr, options);
  CHECK(result.state.weights == after[2]);
  // Decays: 2/11, 3/12 and 4/13, all below 0.5.
  const auto mean = copy_of(std::as_const(network).weights());
  bool moved = false;
  for (const ParamInfo& p : network.params())
    for (std::size_t i = p.offset; i < p.offset + p.size; ++i) {
      double wanted =
          p.trainable ? static_cast<double>(std::as_const(start).weights()[i]) : (p.name.ends_with("var") ? 1.0 : 0.0);
      for (std::size_t t = 1; t <= 3; ++t) {
        const double decay = (1.0 + static_cast<double>(t)) / (10.0 + static_cast<double>(t));
        wanted = decay * wanted + (1 - decay) * static_cast<double>(after[t - 1][i]);
      }
      CHECK(static_cast<double>(mean[i]) == Approx(wanted).epsilon(1e-4).margin(1e-5));
      moved = moved || mean[i] != after[2][i];
    }
  CHECK(moved);
  options.ema = 1;
  CHECK_THROWS_WITH(fit(network, pairs, nullptr, options), Catch::Contains("FitOptions::ema"));
}

TEST_CASE("resumed anywhere, a run with an average, a mix and a joint loss ends with the same bits") {
  const Pairs pairs(2), others(-1);
  FitOptions options = options_of(5);
  options.ema = 0.9;
  options.metric = first_error;
  options.mixes = {{.source = &others, .share = 0.5, .falls_from = 0.4, .gone_at = 0.8}};
  Network whole = network_of_two(true);
  const FitResult at_once = fit(whole, pairs, &pairs, options);
  CHECK(at_once.state.step == 6 + 6 + 5 + 4 + 3);
  for (const std::size_t stop : {std::size_t{1}, std::size_t{7}, std::size_t{15}, std::size_t{21}}) {
    CAPTURE(stop);
    Network network = network_of_two(true);
    std::size_t steps = 0;
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport&) { return ++steps != stop; };
    const FitResult first = fit(network, pairs, &pairs, options, callbacks);
    CHECK(first.state.step == stop);
    const FitResult rest = fit(network, pairs, &pairs, options, {}, &first.state);
    CHECK(copy_of(network.weights()) == copy_of(whole.weights()));
    CHECK(rest.state.weights == at_once.state.weights);
    CHECK(rest.epochs.back().train.samples == at_once.epochs.back().train.samples);
    CHECK(rest.epochs.front().train.loss == at_once.epochs[rest.epochs.front().epoch - 1].train.loss);
    CHECK(rest.epochs.front().train.samples == 24);
    CHECK(rest.best == at_once.best);
    for (const int threads : {2, 4}) {
      FitOptions more = options;
      more.threads = more.loader_threads = threads;
      Network other = network_of_two(true);
      fit(other, pairs, &pairs, more);
      CHECK(copy_of(other.weights()) == copy_of(whole.weights()));
    }
  }
  FitOptions without = options;
  without.ema = 0;
  CHECK_THROWS_WITH(fit(whole, pairs, &pairs, without, {}, &at_once.state), Catch::Contains("begun with an average"));
}

TEST_CASE("a mix is learnt from, but not measured: its samples pull the values their way") {
  const Pairs pairs(2), others(-1);
  const auto slope_learnt = [&](double share) {
    FitOptions options = options_of(100);
    options.mixes = {{.source = &others, .share = share, .falls_from = 1, .gone_at = 1}};
    Network network = network_of_two();
    const FitResult result = fit(network, pairs, nullptr, options);
    CHECK(result.epochs.back().train.samples == 24);
    double products = 0, squares = 0;
    for_each_prediction(network, pairs, {}, [&](const Prediction& p) {
      products += static_cast<double>(p.output[1] * p.truth[0]);
      squares += static_cast<double>(p.truth[0] * p.truth[0]);
    });
    return products / squares;
  };
  CHECK(slope_learnt(0) == Approx(2).margin(0.3));
  CHECK(slope_learnt(0.5) == Approx(0.5).margin(0.4));
}
