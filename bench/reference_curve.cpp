// Question: does the reference network learn as fast as the reference curve says? Trains it for 15 epochs on drawn
// faces, or with --data on photos, and prints its rows beside the reference's. Loss: the training set's NME as a
// fraction, averaged over the epoch. Accuracy: PCK@0.1 on faces held out from training. An epoch holds --copies
// augmented copies of each face.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include "lineament/faces/dataset.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

struct Row {
  std::size_t epoch;
  double loss, accuracy;
};
constexpr Row kReference[] = {{1, 0.15, 0.60}, {5, 0.08, 0.75}, {10, 0.04, 0.85}, {15, 0.03, 0.88}};

struct Options {
  std::string data;
  std::size_t faces = 5000;  // drawn, when there is no data
  int copies = 0;            // 0: as many as make about 20,000 samples an epoch
  float augment = 0.1f;      // of the level "standard"
  std::string loss = "nme";
  std::string optimizer = "adam";
  double lr = 2e-3;
  int batch = 128;
  std::uint64_t seed = 1;
  int threads = 0;
};

struct Sets {
  FaceStore train, held_out;
};

Sets load(const Options& o) {
  StoreOptions store;
  store.augment = scaled({}, o.augment);
  store.threads = o.threads;
  if (o.data.empty())
    return {FaceStore::draw(o.seed * 2, o.faces, store), FaceStore::draw(o.seed * 2 + 1, o.faces / 10, store)};
  const Dataset dataset = read_dataset(o.data);
  const Split split = split_by_photo(dataset.faces, 0.1, o.seed);
  const auto pick = [&](const std::vector<std::size_t>& indices) {
    std::vector<Face> list;
    for (const std::size_t i : indices) list.push_back(dataset.faces[i]);
    return FaceStore::load(list, store);
  };
  return {pick(split.train), pick(split.held_out)};
}

void print_row(const EpochReport& r) {
  const double loss = r.train.metric(kNme) / 100, accuracy = r.validation->metric(kPck);
  std::printf("%5zu   %.4f              %.3f           ", r.epoch, loss, accuracy);
  for (const Row& row : kReference)
    if (row.epoch == r.epoch)
      std::printf("   %.2f %s   %.2f %s", row.loss, loss <= row.loss ? "reached" : "MISSED ", row.accuracy,
                  accuracy >= row.accuracy ? "reached" : "MISSED");
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("The reference network's learning curve beside the reference rows");
  app.add_option("--data", o.data, "Folder in the layout of 300-W (default: drawn faces)");
  app.add_option("--faces", o.faces, "Drawn faces to train on")->capture_default_str();
  app.add_option("--copies", o.copies, "Augmented copies of a face in an epoch (0: about 20,000 samples an epoch)")
      ->capture_default_str();
  app.add_option("--augment", o.augment, "Strength: 0 none, 0.5 light, 1 standard")->capture_default_str();
  app.add_option("--loss", o.loss, "Loss that is minimised")->capture_default_str();
  app.add_option("--optimizer", o.optimizer, "sgd, adam, adamw")->capture_default_str();
  app.add_option("--lr", o.lr, "Learning rate")->capture_default_str();
  app.add_option("--batch", o.batch, "Batch size")->capture_default_str();
  app.add_option("--seed", o.seed, "Of the split, the weights and the augmentation")->capture_default_str();
  app.add_option("--threads", o.threads, "0: one for each core")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    const Sets sets = load(o);
    if (o.copies == 0) o.copies = static_cast<int>((20000 + sets.train.size() - 1) / sets.train.size());
    std::printf(
        "%zu training faces (%s), %d copies of each an epoch, augmentation %.2f, %zu held out; loss '%s', %s %g, batch "
        "%d, %s\n",
        sets.train.size(), o.data.empty() ? "drawn" : std::filesystem::path(o.data).filename().c_str(), o.copies,
        static_cast<double>(o.augment), sets.held_out.size(), o.loss.c_str(), o.optimizer.c_str(), o.lr, o.batch,
        current_isa().c_str());
    std::fflush(stdout);
    std::printf("epoch   loss (train NME)    accuracy (PCK@0.1)   reference: loss, accuracy\n");
    FitOptions fit_options;
    fit_options.epochs = 15;
    fit_options.copies = o.copies;
    fit_options.batch_size = o.batch;
    fit_options.loss = loss_by_name(o.loss, face_losses());
    fit_options.metric = face_metric();
    fit_options.optimizer = optimizer_by_name(o.optimizer);
    fit_options.schedule.rate = static_cast<float>(o.lr);
    fit_options.schedule.warmup = 0.1;
    fit_options.seed = o.seed;
    fit_options.threads = o.threads;
    Network network(reference_network(), kReferenceInput, o.seed);
    FitCallbacks callbacks;
    callbacks.on_epoch = [](const EpochReport& r, const Network&, const TrainingState&) {
      print_row(r);
      return true;
    };
    fit(network, sets.train, &sets.held_out, fit_options, callbacks);
  } catch (const Error& e) {
    std::fprintf(stderr, "reference_curve: %s\n", e.what());
    return 2;
  }
}
