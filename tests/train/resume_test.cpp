// The same bits: resumed from any epoch through a file or not interrupted, and on 1, 2 or 4 threads.
#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "support/folder.hpp"
#include "train/fit_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

/// 10 faces, each twice, in batches of 6: the last batch of an epoch is filled up.
FitOptions run_options(int epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.batch_size = 6;
  options.copies = 2;
  options.schedule.warmup = 0.5;
  options.clip_norm = 0.05;
  options.optimizer.weight_decay = 1e-3;
  options.seed = 5;
  options.metric = face_metric();
  options.threads = 1;
  return options;
}

Trace train(const FaceStore& faces, const FaceStore& held_out, const FitOptions& options) {
  Trace trace;
  Network network = small_network();
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network& n, const TrainingState& state) {
    note(trace, r, n, state);
    return true;
  };
  fit(network, faces, &held_out, options, callbacks);
  return trace;
}

/// The same, but every epoch in a run of its own that starts from what the one before left in a file.
Trace train_in_pieces(const FaceStore& faces, const FaceStore& held_out, const FitOptions& options) {
  const Folder folder("resume");
  const auto file = folder / "last.safetensors";
  Trace trace;
  FitCallbacks callbacks;
  Model model{.network = small_network(), .preprocessing = faces.preprocessing(), .trained_on = "drawn faces"};
  callbacks.on_epoch = [&](const EpochReport& r, const Network& n, const TrainingState& state) {
    note(trace, r, n, state);
    save_checkpoint(file, model, state);
    return false;
  };
  fit(model.network, faces, &held_out, options, callbacks);
  while (trace.reports.size() < static_cast<std::size_t>(options.epochs)) {
    Checkpoint checkpoint = load_checkpoint(file);
    REQUIRE(checkpoint.state);
    model = std::move(checkpoint.model);
    fit(model.network, faces, &held_out, options, callbacks, &*checkpoint.state);
  }
  return trace;
}

}  // namespace

TEST_CASE("resumed after every epoch, a run ends with the same bits") {
  const FaceStore faces = small_faces(10), held_out = small_faces(5, 2);
  for (const auto kind : {OptimizerOptions::Kind::adam, OptimizerOptions::Kind::adamw, OptimizerOptions::Kind::sgd}) {
    FitOptions options = run_options(3);
    options.optimizer.kind = kind;
    const Trace whole = train(faces, held_out, options);
    REQUIRE(whole.reports.size() == 3);
    CHECK(whole.step == 3 * 4);
    CHECK(train_in_pieces(faces, held_out, options) == whole);
  }
  FitOptions stateless = run_options(2);
  stateless.optimizer = {.kind = OptimizerOptions::Kind::sgd, .momentum = 0};
  const Trace whole = train(faces, held_out, stateless);
  CHECK(whole.optimizer.empty());
  CHECK(train_in_pieces(faces, held_out, stateless) == whole);
}

TEST_CASE("1, 2 and 4 threads, of the network and of the loader, give the same bits") {
  const FaceStore faces = small_faces(10), held_out = small_faces(5, 2);
  FitOptions options = run_options(2);
  const Trace one = train(faces, held_out, options);
  for (const auto& [network, loader] : {std::pair{2, 1}, {4, 2}, {1, 4}}) {
    options.threads = network;
    options.loader_threads = loader;
    CHECK(train(faces, held_out, options) == one);
  }
  options.seed = 6;
  CHECK_FALSE(train(faces, held_out, options) == one);
}

TEST_CASE("going on with more epochs is possible, and is not the shorter run") {
  const FaceStore faces = small_faces(10);
  Network network = small_network();
  TrainingState last;
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport&, const Network&, const TrainingState& state) {
    last = state;
    return true;
  };
  fit(network, faces, nullptr, run_options(1), callbacks);
  const FitResult more = fit(network, faces, nullptr, run_options(2), callbacks, &last);
  REQUIRE(more.epochs.size() == 1);
  CHECK(more.epochs[0].epoch == 2);
  CHECK(fit(network, faces, nullptr, run_options(2), callbacks, &last).epochs.empty());
}
