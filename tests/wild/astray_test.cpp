// Promised: training ends where the network has become far worse than a guess. Only the program noticed, not `fit`.
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/spec.hpp"
#include "lineament/train/fit.hpp"
#include "wild/support.hpp"

using namespace test;

TEST_CASE(
    "fit ends with a TrainingError where the network is far worse than a guess, and saves nothing of that epoch") {
  const FaceStore faces = FaceStore::draw(1, 24, {.preprocessing = {.size = 32}}, {.size = 48});
  const auto run = [&](float rate, double astray, const SampleSource* held_out) {
    Network network(Spec() << Flatten{} << Dense{.features = 16} << ReLU{} << Dense{.features = kValues}, {32, 32, 3},
                    1);
    FitOptions options{.epochs = 2, .batch_size = 8, .metric = face_metric(), .threads = 1};
    options.schedule.rate = rate;
    options.astray = astray;
    std::size_t epochs = 0;
    FitCallbacks callbacks;
    callbacks.on_epoch = [&](const EpochReport&, const Network&, const TrainingState&) {
      ++epochs;
      return true;
    };
    fit(network, faces, held_out, options, callbacks);
    return epochs;
  };
  CHECK(run(1e-3f, 50, nullptr) == 2);
  const std::string said = message<TrainingError>([&] { run(1000, 50, &faces); });
  CHECK(contains(said, "epoch 1: training has gone astray"));
  CHECK(contains(said, "a NME near or below"));
  CHECK_THROWS_AS(run(1000, 50, nullptr), TrainingError);
  CHECK(run(1000, 0, nullptr) == 2);
}
