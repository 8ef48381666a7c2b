// Trains a face detector on drawn scenes and writes it, after each epoch. Between epochs it looks for what it takes for
// a face in pictures without people, and learns from that, too. A run that was stopped goes on.
//   08_train_detector detector.safetensors [EPOCHS [SCENES AN EPOCH [PEOPLE [FOLDER OF PHOTOS WITHOUT PEOPLE [FROM]]]]]
// FROM: a detector to begin with, "detector" for the library's own; it is trained on at a third of the rate. Not for a
// run that goes on: that has begun.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "lineament/detector/detection_loss.hpp"
#include "lineament/detector/detection_metric.hpp"
#include "lineament/detector/scene_samples.hpp"
#include "lineament/error.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/detector_network.hpp"
#include "number.hpp"

using namespace lineament;

constexpr const char* kUntrained = "untrained";

/// A model to begin with; or the run that was stopped, and then `from` becomes what that one began with.
Checkpoint begin(const std::filesystem::path& state, std::string& from, int side) {
  if (!std::filesystem::exists(state)) {
    if (from == kDefaultDetector) return {load_default_model(kDefaultDetector), {}};
    if (!from.empty()) return {load_model(from), {}};
    return {{.network = Network(detector_network(), Shape{side, side, 3}, 1)}, {}};
  }
  Checkpoint stopped = load_checkpoint(state);
  if (!stopped.state) throw ModelError({state.string(), "it is a model, and no run to go on with", "", "", ""});
  const std::string& begun = stopped.state->settings;
  if (begun.empty()) return stopped;  // by an older version, which wants FROM again
  if (!from.empty())
    throw ArgumentError(
        {"FROM", "a run that was stopped goes on", "", from, "leave it out, or remove " + state.string()});
  if (begun != kUntrained) from = begun;
  return stopped;
}

int main(int argc, char** argv) try {
  if (argc > 1 && argv[1][0] == '-') throw std::invalid_argument(argv[1]);
  const std::filesystem::path file = argc > 1 ? argv[1] : "detector.safetensors";
  const std::filesystem::path state = file.string() + ".state";
  const int epochs = number(argc, argv, 2, 20);
  const auto scenes_of_epoch = static_cast<std::size_t>(number(argc, argv, 3, 4000)),
             people = static_cast<std::size_t>(number(argc, argv, 4, 1000));
  std::string from = argc > 6 ? argv[6] : "";
  const int side = SceneOptions().size;
  Checkpoint run = begin(state, from, side);
  Model& model = run.model;
  std::optional<TrainingState>& resumed = run.state;
  if (resumed && resumed->epoch >= static_cast<std::size_t>(epochs)) {
    std::printf("already trained up to epoch %zu: %s\n", resumed->epoch, file.string().c_str());
    return 0;
  }
  if (!resumed) model.trained_on = "drawn scenes with " + std::to_string(people) + " people";
  const Backgrounds photos = argc > 5 ? read_backgrounds(argv[5]) : nullptr;

  std::printf("drawing %zu people\n", people);
  DrawnScenes drawn = DrawnScenes::draw(1, people, photos);
  const DrawnScenes others = DrawnScenes::draw(2, people / 8 + 1, photos);
  const SceneSamples scenes(drawn, scenes_of_epoch, 1), held_out(others, scenes_of_epoch / 8 + 1, 2);

  FitOptions options{.epochs = epochs,
                     .batch_size = 32,
                     .joint_loss = DetectionLoss{},
                     .metric = detection_metric(side, side),
                     .optimizer = {.kind = OptimizerOptions::Kind::adamw, .weight_decay = 0.02},
                     .schedule = {.kind = Schedule::Kind::cosine, .rate = from.empty() ? 3e-3f : 1e-3f, .warmup = 0.5},
                     .ema = 0.998,
                     .clip_norm = 5,
                     .start_at_mean = false,  // no cell is like another
                     .precision = Precision::bf16};
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState& now) {
    std::printf("epoch %2zu/%d  loss %.4f  held out %.4f, F1 %.3f  %.0f scenes/s\n", r.epoch, options.epochs,
                r.train.loss, r.validation->loss, r.validation->metric("F1"), r.images_per_second);
    std::fflush(stdout);
    model.ranges = calibrate(model.network, held_out);
    TrainingState kept = now;
    kept.settings = from.empty() ? kUntrained : from;  // a run that goes on has its rate
    save_model(file, model);
    save_checkpoint(state, model, kept);  // after the model: what is said to be trained is there
    return false;                         // for what is done between epochs
  };
  while (!resumed || resumed->epoch < static_cast<std::size_t>(options.epochs)) {
    if (resumed) std::printf("hard negatives above 0.5: %zu\n", drawn.mine_negatives(std::make_shared<Model>(model)));
    resumed = fit(model.network, scenes, &held_out, options, callbacks, resumed ? &*resumed : nullptr).state;
  }
  std::printf("written: %s\n", file.string().c_str());
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 08_train_detector detector.safetensors [EPOCHS [SCENES AN EPOCH [PEOPLE [FOLDER [FROM]]]]]\n",
             stderr);
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
