// The trainer on samples that are no faces: any number of values, losses and metrics of a user's own, weights, frozen
// layers, and runs that are stopped in the middle of an epoch.
#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/batches.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fine_tune.hpp"
#include "lineament/train/fit.hpp"

// Nothing of faces comes with the trainer: these would be taken.
namespace lineament {
struct Landmarks {};
[[maybe_unused]] constexpr int kPoints = 1, kValues = 2;
}  // namespace lineament

using namespace lineament;

namespace {

/// Points on a line: 4 pixels in, 2 values out. The second value of every other sample is not known, if asked for.
struct Line : SampleSource {
  bool with_gaps = false;
  std::size_t size() const override { return 16; }
  std::size_t pixels_per_sample() const override { return 4; }
  std::size_t values_per_sample() const override { return 2; }
  bool weighted() const override { return with_gaps; }
  void prepare(std::size_t i, Random random, bool augmented, const Sample& to) const override {
    for (std::size_t k = 0; k < 4; ++k) to.pixels[k] = static_cast<float>(i % (k + 2));
    if (augmented) to.pixels[0] += 0.01f * random.normal();
    to.values[0] = to.pixels[0] - to.pixels[3];
    to.values[1] = 2 * to.pixels[1] + 1;
    if (!with_gaps) return;
    to.weights[0] = 1;
    to.weights[1] = i % 2 == 0 ? 1.0f : 0.0f;
    if (i % 2 == 1) to.values[1] = std::nanf("");
  }
};

/// 3 classes: which of three pixels is the brightest.
struct Brightest : SampleSource {
  std::size_t size() const override { return 60; }
  std::size_t pixels_per_sample() const override { return 3; }
  std::size_t values_per_sample() const override { return 3; }
  void prepare(std::size_t i, Random, bool, const Sample& to) const override {
    Random random(3, i);
    for (std::size_t k = 0; k < 3; ++k) to.pixels[k] = random.uniform(), to.values[k] = 0;
    to.pixels[i % 3] += 1;
    to.values[i % 3] = 1;
  }
};

Network line_network(std::uint64_t seed = 1) {
  return Network(Spec() << Dense{.features = 8} << ReLU{} << Dense{.features = 2}, Shape{4}, seed);
}

FitOptions options_of(int epochs, float rate) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 4;
  options.loss = L2{};
  options.schedule = {.rate = rate};
  options.threads = 1;
  return options;
}

std::vector<NamedValue> largest_error(std::span<const float> output, std::span<const float> truth,
                                      std::span<const float> weights) {
  double largest = 0;
  for (std::size_t i = 0; i < output.size(); ++i)
    if (weights.empty() || weights[i] > 0)
      largest = std::max(largest, std::abs(static_cast<double>(output[i]) - static_cast<double>(truth[i])));
  return {{"largest error", largest}};
}

std::vector<float> copy_of(std::span<const float> values) {
  return {values.begin(), values.end()};
}

std::vector<float> values_of(const Network& network, const std::string& name) {
  return copy_of(network.values(network.param(name)));
}

}  // namespace

TEST_CASE("samples of any values are trained on and validated, and without a metric the loss chooses the best epoch") {
  const Line line;
  Network network(Spec() << Dense{.features = 2}, Shape{4}, 1);
  const FitResult result = fit(network, line, &line, options_of(60, 0.05f));
  REQUIRE(result.epochs.size() == 60);
  CHECK(result.epochs.back().train.loss < 0.01 * result.epochs.front().train.loss);
  double lowest = 1e9;
  for (const EpochReport& r : result.epochs) {
    CHECK(r.train.metrics.empty());
    CHECK(r.train.samples == 16);
    REQUIRE(r.validation);
    CHECK(r.validation->samples == 16);
    CHECK(r.best == (r.validation->loss < lowest));
    lowest = std::min(lowest, r.validation->loss);
  }
  CHECK(result.best == lowest);
  CHECK(result.state.best_of == "loss");
  CHECK(result.epochs[result.best_epoch - 1].validation->loss == lowest);

  // Without validation samples it is the training loss.
  Network other(Spec() << Dense{.features = 2}, Shape{4}, 1);
  const FitResult alone = fit(other, Line(), nullptr, options_of(5, 0.05f));
  CHECK(alone.epochs[alone.best_epoch - 1].train.loss == alone.best);
}

TEST_CASE("a metric is any function, and its first number chooses the best epoch") {
  const Line line;
  FitOptions options = options_of(20, 0.05f);
  options.metric = largest_error;
  Network network = line_network();
  const FitResult result = fit(network, line, &line, options);
  double lowest = 1e9;
  for (const EpochReport& r : result.epochs) {
    const double error = r.validation->metric("largest error");
    CHECK(r.best == (error < lowest));
    lowest = std::min(lowest, error);
    CHECK(r.train.samples == 16);
    CHECK(r.train.metric("largest error") > 0);
  }
  CHECK(result.best == lowest);
  CHECK(result.state.best_of == "largest error");
  CHECK(evaluate(network, line, largest_error).metric("largest error") ==
        result.epochs.back().validation->metric("largest error"));

  CHECK_THROWS_AS(evaluate(network, line, {}), ArgumentError);
  CHECK_THROWS_AS(for_each_prediction(network, line, {}, {}), ArgumentError);
  // One that does not give the same names each time is refused.
  options.metric = [](std::span<const float> output, std::span<const float>, std::span<const float>) {
    return std::vector<NamedValue>{{output[0] > output[1] ? "a" : "b", 1.0}};
  };
  CHECK_THROWS_WITH(fit(network, line, &line, options), Catch::Contains("same names"));
}

TEST_CASE("a classifier learns by cross-entropy, and the highest accuracy is the best") {
  const Brightest samples;
  Network network(Spec() << Dense{.features = 3}, Shape{3}, 1);
  FitOptions options = options_of(40, 0.1f);
  options.loss = CrossEntropy{};
  options.metric = class_accuracy;
  const FitResult result = fit(network, samples, &samples, options);
  CHECK(result.best == 1);
  double highest = -1;
  for (const EpochReport& r : result.epochs) {
    const double accuracy = r.validation->metric("accuracy");
    CHECK(r.best == (accuracy > highest));
    highest = std::max(highest, accuracy);
  }
}

TEST_CASE("a loss of the user's own is minimised, alone or by the output's name and with a factor") {
  int calls = 0;
  const Loss own = [&calls](std::span<const float> output, std::span<const float> truth, std::span<const float> weights,
                            std::span<float> gradient, int batch) {
    ++calls;
    CHECK(gradient.size() == output.size());  // always wanted
    return static_cast<double>(L2{}(output, truth, weights, gradient, batch));
  };
  const auto weights_with = [](const FitOptions& options) {
    Network network = line_network();
    fit(network, Line(), nullptr, options);
    return copy_of(network.weights());
  };
  FitOptions options = options_of(3, 0.01f);
  options.optimizer = {.kind = OptimizerOptions::Kind::sgd, .momentum = 0};
  const std::vector<float> plain = weights_with(options);
  options.loss = own;
  CHECK(weights_with(options) == plain);
  CHECK(calls == 12);
  options.loss = L1{};
  CHECK(weights_with(options) != plain);
  options.losses = {{"dense_2", own}};
  CHECK(weights_with(options) == plain);
  // Twice the loss at half the rate is the same step.
  options.losses = {{"dense_2", own, 2}};
  options.schedule.rate /= 2;
  CHECK(weights_with(options) == plain);
}

TEST_CASE("each output has its loss, and a sample's values are those of all outputs") {
  // Two networks of one output on the same input, as one network of two outputs: they learn the same.
  struct One : SampleSource {
    std::size_t first, count;  // of the values of Both
    One(std::size_t f, std::size_t n) : first(f), count(n) {}
    std::size_t size() const override { return 16; }
    std::size_t pixels_per_sample() const override { return 4; }
    std::size_t values_per_sample() const override { return count; }
    bool weighted() const override { return true; }
    void prepare(std::size_t i, Random, bool, const Sample& to) const override {
      for (std::size_t k = 0; k < 4; ++k) to.pixels[k] = static_cast<float>(i % (k + 2));
      for (std::size_t v = 0; v < count; ++v) {
        const bool known = (i + first + v) % 4 != 0;
        to.weights[v] = known ? 1.0f : 0.0f;
        to.values[v] = known ? static_cast<float>(i % 3 + first + v) : std::nanf("");
      }
    }
  };
  const One both(0, 5), left(0, 2), right(2, 3);
  Spec spec;
  const NodeId a = spec.add(Dense{.features = 2}, Spec::kInput, "left"),
               b = spec.add(Dense{.features = 3}, Spec::kInput, "right");
  Spec two = spec;
  two.mark_output(a);
  two.mark_output(b);
  Network network(two, Shape{4}, 1);
  const auto alone = [](const char* name, int features) {
    Spec one;
    one.add(Dense{.features = features}, Spec::kInput, name);
    return Network(one, Shape{4}, 1);
  };
  Network only_left = alone("left", 2), only_right = alone("right", 3);
  take_weights(only_left, network);
  take_weights(only_right, network);

  FitOptions options = options_of(5, 0.01f);
  options.optimizer = {.kind = OptimizerOptions::Kind::sgd};
  options.metric = largest_error;
  FitOptions of_left = options, of_right = options;
  options.losses = {{"right", SmoothL1{.beta = 1}, 0.5}};  // the other has L2
  of_right.loss = SmoothL1{.beta = 1};
  of_right.schedule.rate *= 0.5f;
  const FitResult result = fit(network, both, &both, options);
  const FitResult l = fit(only_left, left, &left, of_left), r = fit(only_right, right, &right, of_right);
  for (const char* name : {"left.weight", "left.bias"}) CHECK(values_of(network, name) == values_of(only_left, name));
  for (const char* name : {"right.weight", "right.bias"}) {
    const std::vector<float> x = values_of(network, name), y = values_of(only_right, name);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(x[i] == Approx(y[i]).epsilon(1e-5));
  }
  const EpochReport &report = result.epochs.back(), &rl = l.epochs.back(), &rr = r.epochs.back();
  CHECK(report.train.loss == Approx(rl.train.loss + 0.5 * rr.train.loss).epsilon(1e-5));
  CHECK(report.validation->loss == Approx(rl.validation->loss + 0.5 * rr.validation->loss).epsilon(1e-5));
  const auto error = [](const EpochReport& e) { return e.validation->metric("largest error"); };
  CHECK(error(report) >= std::max(error(rl), error(rr)) * (1 - 1e-5));

  options.losses = {{"middle", L2{}}};
  CHECK_THROWS_WITH(fit(network, both, nullptr, options), Catch::Contains("wanted left or right, got 'middle'"));
  CHECK_THROWS_WITH(fit(network, left, nullptr, of_left), Catch::Contains("got 4 in and 2 + 3 out"));
}

TEST_CASE("values that are not known are neither learnt from nor measured") {
  Line line;
  line.with_gaps = true;
  Network network = line_network();
  FitOptions options = options_of(300, 0.02f);
  options.metric = largest_error;
  const FitResult result = fit(network, line, &line, options);
  CHECK(result.epochs.back().validation->metric("largest error") < 0.3);
  CHECK(result.epochs.back().validation->loss < 0.01);
  CHECK(mean_values(line)[1] == Approx((1.0 + 5 + 3 + 1 + 5 + 3 + 1 + 5) / 8));
}

TEST_CASE("the output starts at the mean unless it has been trained, or the caller says no") {
  const Line line;
  FitOptions still = options_of(1, 0);
  Network network = line_network();
  fit(network, line, nullptr, still);
  const std::vector<float> mean = mean_values(line);
  CHECK(values_of(network, "dense_2.bias") == mean);

  const std::vector<float> learnt{0.5f, 0};
  network.set_output_bias(learnt);
  fit(network, line, nullptr, still);
  CHECK(values_of(network, "dense_2.bias") == learnt);

  Network other = line_network();
  still.start_at_mean = false;
  fit(other, line, nullptr, still);
  CHECK(values_of(other, "dense_2.bias") == std::vector<float>{0, 0});
}

TEST_CASE("frozen layers keep their bits, statistics too, and the gradient's norm is that of the others") {
  const Line line;
  const Spec spec = Spec() << Dense{.features = 8} << BatchNorm{} << ReLU{} << Dense{.features = 8} << BatchNorm{}
                           << ReLU{} << Dense{.features = 2};
  FitOptions options = options_of(3, 0.05f);
  options.optimizer = {.kind = OptimizerOptions::Kind::adamw, .weight_decay = 0.1};
  options.clip_norm = 0.01;
  const auto trained = [&](const std::vector<std::string>& frozen) {
    Network network(spec, Shape{4}, 1);
    options.frozen = frozen;
    fit(network, line, nullptr, options);
    return network;
  };
  const Network start(spec, Shape{4}, 1), some = trained({"dense_1", "batch_norm_1", "dense_3.bias"});
  for (const ParamInfo& p : start.params()) {
    INFO(p.name);
    const bool frozen =
        p.name.starts_with("dense_1.") || p.name.starts_with("batch_norm_1.") || p.name == "dense_3.bias";
    CHECK((copy_of(start.values(p)) == copy_of(some.values(p))) == frozen);
  }
  // The same by patterns.
  CHECK(copy_of(trained({"*_1", "dense_3.b?as"}).weights()) == copy_of(some.weights()));
  CHECK_THROWS_WITH(trained({"dense_1", "conv*"}), Catch::StartsWith("'conv*': no layer"));
}

TEST_CASE("clipping measures only what is trained") {
  // The first layer's gradient is a thousand times the second's, by the size of what follows it.
  const Line line;
  const auto step = [&](bool clip) {
    Network network = line_network();
    for (float& w : network.values(network.param("dense_2.weight"))) w *= 1000;
    const std::vector<float> before = values_of(network, "dense_2.bias");
    FitOptions options = options_of(1, 1);
    options.batch_size = 16;
    options.start_at_mean = false;
    options.optimizer = {.kind = OptimizerOptions::Kind::sgd, .momentum = 0};
    options.frozen = {"dense_1", "dense_2.weight"};
    if (clip) options.clip_norm = 1;
    fit(network, line, nullptr, options);
    const std::vector<float> after = values_of(network, "dense_2.bias");
    return std::hypot(static_cast<double>(after[0] - before[0]), static_cast<double>(after[1] - before[1]));
  };
  CHECK(step(false) > 1);
  CHECK(step(true) == Approx(1).epsilon(1e-4));  // the whole norm is left to the bias
}

TEST_CASE("on_step ends training where it says, and the run goes on from there with the same bits") {
  const Line line;
  FitOptions options = options_of(3, 0.02f);
  options.metric = largest_error;
  options.copies = 2;  // 8 steps an epoch
  const Spec spec = Spec() << Dense{.features = 8} << BatchNorm{} << Dropout{.rate = 0.3f} << Dense{.features = 2};
  Network whole(spec, Shape{4}, 1);
  const FitResult at_once = fit(whole, line, &line, options);

  for (const std::size_t stop : {std::size_t{1}, std::size_t{11}, std::size_t{16}, std::size_t{24}}) {
    CAPTURE(stop);
    Network network(spec, Shape{4}, 1);
    std::size_t steps = 0, epochs = 0;
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport&) { return ++steps != stop; };
    callbacks.on_epoch = [&](const EpochReport&, const Network&, const TrainingState&) {
      ++epochs;
      return true;
    };
    const FitResult first = fit(network, line, &line, options, callbacks);
    CHECK(first.ended == Ended::on_step);
    CHECK(steps == stop);
    CHECK(first.epochs.size() == stop / 8);  // whole ones
    CHECK(epochs == stop / 8);
    CHECK(first.state.step == stop);
    CHECK(first.state.epoch == stop / 8);
    CHECK(first.state.batch == stop % 8);
    const FitResult rest = fit(network, line, &line, options, callbacks, &first.state);
    CHECK(rest.ended == Ended::all_epochs);
    CHECK(rest.epochs.size() == 3 - stop / 8);
    CHECK(copy_of(network.weights()) == copy_of(whole.weights()));
    for (const EpochReport& r : rest.epochs) {
      const EpochReport& same = at_once.epochs[r.epoch - 1];
      CHECK(r.train.loss == same.train.loss);
      CHECK(r.train.samples == same.train.samples);
      CHECK(r.train.metric("largest error") == same.train.metric("largest error"));
      CHECK(r.validation->loss == same.validation->loss);
      CHECK(r.best == same.best);
    }
  }

  FitCallbacks at_fifth;
  int steps = 0;
  at_fifth.on_step = [&](const StepReport&) { return ++steps != 5; };
  Network network(spec, Shape{4}, 1);
  const FitResult stopped = fit(network, line, &line, options, at_fifth);
  options.copies = 1;  // now 4 steps are an epoch
  CHECK_THROWS_WITH(fit(network, line, &line, options, {}, &stopped.state), Catch::Contains("another epoch"));
}

TEST_CASE("a best by another measure does not count") {
  const Line line;
  Network network = line_network();
  FitOptions options = options_of(1, 0.01f);
  TrainingState state = fit(network, line, nullptr, options).state;
  CHECK(state.best_of == "loss");
  state.best = -1;  // never reached again
  options.epochs = 2;
  CHECK_FALSE(fit(network, line, nullptr, options, {}, &state).epochs.front().best);
  options.metric = largest_error;
  const FitResult result = fit(network, line, nullptr, options, {}, &state);
  CHECK(result.epochs.front().best);
  CHECK(result.best_epoch == 2);
}
