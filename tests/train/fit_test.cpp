// Training as a whole: it learns, nothing is left behind by mistake, and what does not fit or goes wrong is said.
#include "lineament/train/fit.hpp"

#include <cmath>

#include "catch.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/zoo/networks.hpp"
#include "train/fit_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// Inter-ocular NME in % on 8 faces after `steps` steps on all of them at once. Each comes twice in a batch: in the
/// smallest batches the running variance, which is unbiased, is too far from the batch's own.
double overfit(const Spec& spec, int size, int steps, float rate) {
  StoreOptions store;
  store.preprocessing.size = size;
  const FaceStore faces = FaceStore::draw(1, 8, store);
  Network network(spec, {size, size, 3}, 1);
  FitOptions options;
  options.epochs = steps;
  options.copies = 2;
  options.batch_size = 16;
  options.augmented = false;
  options.schedule = {.kind = Schedule::Kind::cosine, .rate = rate};
  options.threads = 2;
  fit(network, faces, nullptr, options);
  return evaluate(network, faces, face_metric()).metric(kNme);
}

/// One batch an epoch, without augmentation.
FitOptions plain_options(int epochs, float rate) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 4;
  options.augmented = false;
  options.schedule = {.rate = rate};
  options.threads = 1;
  options.metric = face_metric();
  return options;
}

std::vector<float> copy_of(std::span<const float> values) {
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("a metric that may be 0 or negative ends no run: of such a guess no multiple is a limit") {
  const FaceStore faces = FaceStore::draw(1, 4, {.preprocessing = {.size = 32}});
  FitOptions options = plain_options(2, 1e-4f);
  options.metric = [](std::span<const float> output, std::span<const float> truth, std::span<const float>) {
    return std::vector<NamedValue>{{"nll", -1 + std::abs(static_cast<double>(output[0] - truth[0]))}};
  };
  Network network(Spec() << Flatten{} << Dense{.features = kValues}, {32, 32, 3}, 1);
  options.start_at_mean = false;
  CHECK(fit(network, faces, nullptr, options).epochs.size() == 2);
  for (const double no_number : {std::nan(""), -1.0}) {
    options.astray = no_number;
    CHECK_THROWS_AS(fit(network, faces, nullptr, options), ArgumentError);
  }
}

TEST_CASE("a small network learns 8 faces by heart") {
  Spec net;
  net << Conv2d{.channels = 16, .stride = 2, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{} << Flatten{};
  net << Dense{.features = 64, .bias = false} << BatchNorm{} << ReLU{} << Dense{.features = kValues};
  CHECK(overfit(net, 32, 1, 0) > 8);  // the mean shape is no answer
  CHECK(overfit(net, 32, 150, 3e-3f) < 1);
}

TEST_CASE("the reference network, on smaller crops, learns 8 faces by heart") {
  CHECK(overfit(reference_network(), 64, 100, 2e-3f) < 1);
}

TEST_CASE("training starts at the mean shape") {
  const FaceStore faces = small_faces(3);
  std::vector<float> mean(kValues, 0), pixels(kSmall.size()), values(kValues);
  for (std::size_t i = 0; i < 3; ++i) {
    faces.prepare(i, Random(9), false, {pixels, values, {}});
    for (std::size_t v = 0; v < mean.size(); ++v) mean[v] += values[v] / 3;
  }
  const std::vector<float> computed = mean_values(faces);
  for (std::size_t v = 0; v < mean.size(); ++v) REQUIRE(computed[v] == Approx(mean[v]).margin(1e-6));

  Network network = small_network();
  fit(network, faces, nullptr, plain_options(1, 0));  // at a rate of 0 nothing moves
  const auto bias = network.values(network.param("dense_2.bias"));
  CHECK(copy_of(bias) == computed);
}

TEST_CASE("validation samples are never augmented, training samples are") {
  const FaceStore faces = small_faces(6), others = small_faces(4, 2);
  const Watched train(faces), held_out(others);
  FitOptions options = plain_options(3, 1e-3f);
  options.augmented = true;
  Network network = small_network();
  std::vector<Network> networks;
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport&, const Network& n, const TrainingState&) {
    networks.push_back(n);
    return true;
  };
  const FitResult result = fit(network, train, &held_out, options, callbacks);
  CHECK(held_out.augmented == 0);
  CHECK(held_out.plain == 3 * 4 + 4);  // and for what a guess scores
  CHECK(train.augmented >= 3 * 8);
  CHECK(train.plain == 6);  // for the mean shape

  // What was reported is what evaluating that epoch's network gives, and the best epoch is the lowest of them.
  REQUIRE(result.epochs.size() == 3);
  double best = 1e9;
  for (std::size_t e = 0; e < 3; ++e) {
    const Means again = evaluate(networks[e], others, face_metric(), {.threads = 2});
    REQUIRE(result.epochs[e].validation);
    CHECK(result.epochs[e].validation->samples == 4);
    for (const NamedValue& m : again.metrics) CHECK(result.epochs[e].validation->metric(m.name) == m.value);
    const double error = again.metric(kNme);
    CHECK(result.epochs[e].best == (error < best));
    if (error >= best) continue;
    best = error;
    CHECK(result.best_epoch >= e + 1);
  }
  CHECK(result.best == best);
  CHECK(result.epochs[result.best_epoch - 1].validation->metric(kNme) == best);
}

TEST_CASE("training ends when the caller says so, or patience does") {
  const FaceStore faces = small_faces(4);
  Network network = small_network();
  FitCallbacks callbacks;
  int called = 0;
  TrainingState last;
  callbacks.on_epoch = [&](const EpochReport&, const Network&, const TrainingState& state) {
    last = state;
    return ++called != 2;
  };
  const FitResult ended = fit(network, faces, &faces, plain_options(9, 1e-3f), callbacks);
  CHECK(ended.epochs.size() == 2);
  CHECK(ended.ended == Ended::on_epoch);

  // At a rate of 0 and without batch norm no epoch is better than the first.
  Network still(Spec() << Flatten{} << Dense{.features = kValues}, kSmall, 1);
  FitOptions options = plain_options(50, 0);
  options.patience = 3;
  const FitResult result = fit(still, faces, &faces, options, callbacks);
  CHECK(result.epochs.size() == 4);
  CHECK(result.best_epoch == 1);
  CHECK(result.ended == Ended::patience);
  // Resumed, it has no more patience than before.
  const FitResult resumed = fit(still, faces, &faces, options, callbacks, &last);
  CHECK(resumed.epochs.empty());
  CHECK(resumed.best == result.best);
  options.patience = 0;
  options.epochs = 6;
  CHECK(fit(still, faces, &faces, options, callbacks, &last).epochs.size() == 2);
}

TEST_CASE("on_step follows the epoch") {
  const FaceStore faces = small_faces(5);
  Network network = small_network();
  FitOptions options = plain_options(2, 1e-3f);
  options.batch_size = 2;
  options.copies = 3;
  std::vector<StepReport> steps;
  FitCallbacks callbacks;
  callbacks.on_step = [&](const StepReport& s) {
    steps.push_back(s);
    return true;
  };
  const FitResult result = fit(network, faces, nullptr, options, callbacks);
  REQUIRE(steps.size() == 16);  // two epochs of 15 samples in batches of 2
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(steps[i].epoch == i / 8 + 1);
    CHECK(steps[i].batch == i % 8 + 1);
    CHECK(steps[i].batches == 8);
    CHECK(steps[i].images_per_second > 0);
  }
  CHECK(result.ended == Ended::all_epochs);
  CHECK(steps[15].train.loss == result.epochs[1].train.loss);
  CHECK(steps[15].train.samples == 15);
  for (const std::string_view name : {kNme, kPck})
    CHECK(steps[15].train.metric(name) == result.epochs[1].train.metric(name));
}

TEST_CASE("a run that blows up says in which epoch, and its network is shown to nobody") {
  const FaceStore faces = small_faces(16);
  std::size_t seen = 0;
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network& network, const TrainingState&) {
    seen = r.epoch;
    for (const float w : network.weights()) REQUIRE(std::isfinite(w));
    return true;
  };
  const auto blow_up = [&](const FitOptions& options, const char* where) {
    seen = 0;
    Network network = small_network();
    CHECK_THROWS_AS(fit(network, faces, &faces, options, callbacks), TrainingError);
    Network again = small_network();
    CHECK_THROWS_WITH(fit(again, faces, &faces, options, callbacks),
                      Catch::StartsWith(where) && Catch::Contains("lower the learning rate"));
  };
  FitOptions options = plain_options(3, 1e30f);
  options.optimizer.kind = OptimizerOptions::Kind::sgd;
  blow_up(options, "epoch 1: ");
  CHECK(seen == 0);
  options.clip_norm = 1;
  options.schedule.rate = 1e38f;
  blow_up(options, "epoch 1: ");

  // The rate rises with the second epoch.
  options = plain_options(3, 1e-3f);
  options.schedule = {.kind = Schedule::Kind::step, .rate = 1e-3f, .every = 1, .factor = 1e35f};
  blow_up(options, "epoch 2: ");
  CHECK(seen == 1);

  // The only step of the epoch does it: no loss has shown it yet.
  options = plain_options(3, 1e38f);
  options.batch_size = 16;
  blow_up(options, "epoch 1: a weight is no longer a number");
  CHECK(seen == 0);
}

TEST_CASE("samples and options that do not fit are refused before anything happens") {
  const FaceStore faces = small_faces(2);
  StoreOptions larger;
  larger.preprocessing.size = 40;
  const FaceStore large = FaceStore::draw(1, 2, larger, {.size = 64}), none = small_faces(0);
  Network network = small_network();
  const auto before = copy_of(network.weights());
  const FitOptions options = plain_options(1, 1e-3f);
  CHECK_THROWS_AS(fit(network, large, nullptr, options), SpecError);
  CHECK_THROWS_WITH(fit(network, large, nullptr, options),
                    "network: it does not fit the training samples (wanted 4800 values in and 136 out, got 32x32x3 in "
                    "and 136 out); change the network's input and output, or the samples");
  CHECK_THROWS_WITH(fit(network, faces, &large, options), Catch::Contains("does not fit the validation samples"));
  CHECK_THROWS_AS(fit(network, faces, &none, options), ArgumentError);
  CHECK_THROWS_AS(evaluate(network, large, face_metric()), SpecError);
  CHECK_THROWS_AS(evaluate(network, none, face_metric()), ArgumentError);
  CHECK_THROWS_AS(fit(network, none, nullptr, options), ArgumentError);
  const std::vector<std::pair<std::string, void (*)(FitOptions&)>> changes{
      {"FitOptions::epochs: out of range (wanted 1 or more, got 0)", [](FitOptions& o) { o.epochs = 0; }},
      {"FitOptions::batch_size: out of range (wanted 1 or more, got -1)", [](FitOptions& o) { o.batch_size = -1; }},
      {"FitOptions::copies: ", [](FitOptions& o) { o.copies = 0; }},
      {"FitOptions::patience: ", [](FitOptions& o) { o.patience = -1; }},
      {"FitOptions::threads: ", [](FitOptions& o) { o.threads = -1; }},
      {"FitOptions::loader_threads: out of range (wanted 1 to 256, got 0)",
       [](FitOptions& o) { o.loader_threads = 0; }},
      {"FitOptions::clip_norm: ", [](FitOptions& o) { o.clip_norm = std::nan(""); }},
      {"FitOptions::schedule.rate: ", [](FitOptions& o) { o.schedule.rate = -1; }},
      {"FitOptions::schedule.last: out of range (wanted 0 or more, got nan)",
       [](FitOptions& o) { o.schedule.last = std::nanf(""); }},
      {"FitOptions::schedule.last: ", [](FitOptions& o) { o.schedule.last = -1e-3f; }},
      {"FitOptions::schedule.factor: ", [](FitOptions& o) { o.schedule.factor = INFINITY; }},
      {"FitOptions::schedule.warmup_from: ", [](FitOptions& o) { o.schedule.warmup_from = std::nanf(""); }},
      {"schedule constant: ", [](FitOptions& o) { o.schedule.warmup = -1; }},
      {"optimizer adam: epsilon ", [](FitOptions& o) { o.optimizer.epsilon = 0; }},
      {"FitOptions::loss: there is no loss", [](FitOptions& o) { o.loss = nullptr; }},
      {"FitOptions::frozen: there is nothing left to train", [](FitOptions& o) { o.frozen = {"*"}; }},
      {"'conv': no layer with weights has this name", [](FitOptions& o) { o.frozen = {"conv"}; }},
      {"FitOptions::losses: the network has no output of this name (wanted dense_2, got 'points')",
       [](FitOptions& o) {
         o.losses = {{"points", L2{}}};
       }},
      {"FitOptions::losses: an output has two losses",
       [](FitOptions& o) {
         o.losses = {{"dense_2", L2{}}, {"dense_2", L1{}}};
       }},
      {"FitOptions::losses, output 'dense_2': the factor", [](FitOptions& o) {
         o.losses = {{"dense_2", L2{}, -1}};
       }}};
  for (const auto& [message, change] : changes) {
    FitOptions wrong = options;
    change(wrong);
    CHECK_THROWS_AS(fit(network, faces, nullptr, wrong), ArgumentError);
    CHECK_THROWS_WITH(fit(network, faces, nullptr, wrong), Catch::StartsWith(message));
  }
  CHECK(copy_of(network.weights()) == before);

  TrainingState state;
  state.optimizer.resize(7);
  CHECK_THROWS_AS(fit(network, faces, nullptr, options, {}, &state), ArgumentError);
}

TEST_CASE("what a sample throws ends the run, also from another thread") {
  const FaceStore faces = small_faces(8);
  Watched broken(faces);
  broken.bad = 5;
  Network network = small_network();
  FitOptions options = plain_options(1, 1e-3f);
  options.threads = options.loader_threads = 3;
  CHECK_THROWS_WITH(fit(network, broken, nullptr, options), "sample: is bad");
  CHECK_THROWS_WITH(fit(network, faces, &broken, options), "sample: is bad");
  CHECK_THROWS_WITH(evaluate(network, broken, face_metric(), {.threads = 3}), "sample: is bad");
}
