// Question: what does training from files cost, and does it begin at once? For some numbers of drawn faces, each packed
// into shards first: seconds to the first step and peak memory of a training from the shards, images/s of its steps
// beside those of the same faces in memory, and the same for faces that are drawn when they are asked for. Each
// training is a process of its own, so that its peak is its own.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/landmarker/drawn_faces.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/pack_faces.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct Options {
  std::vector<std::size_t> faces{2000, 20000, 200000};
  std::size_t in_memory = 20000;  ///< more are not loaded at once
  int memory = 512, steps = 100, batch = 32, threads = 2;
  bool raw = false, qualities = false;
  std::string network = "reference", folder = "shards-bench";
  std::string run;  ///< of the process that trains
};

const NamedNetwork& network_of(const Options& o) {
  for (const NamedNetwork& network : named_networks())
    if (network.name == o.network) return network;
  throw ArgumentError({"--network", "there is no such network", "", o.network, ""});
}

StoreOptions store_of(const Options& o) {
  StoreOptions store;
  store.preprocessing.size = network_of(o).input[0];
  store.threads = o.threads;
  return store;
}

std::filesystem::path folder_of(const Options& o, std::size_t count) {
  const std::string name = std::to_string(count) + "-of-" + std::to_string(network_of(o).input[0]);
  return std::filesystem::path(o.folder) / (name + (o.raw ? "-raw" : ""));
}

std::unique_ptr<FaceSamples> faces_of(const Options& o, std::size_t count) {
  const std::size_t memory = static_cast<std::size_t>(o.memory) << 20;
  if (o.run == "shards") return std::make_unique<FaceShards>(FaceShards::open(folder_of(o, count), {.memory = memory}));
  if (o.run == "drawn") return std::make_unique<DrawnFaces>(1, count, store_of(o), DrawOptions{}, memory);
  return std::make_unique<FaceStore>(FaceStore::draw(1, count, store_of(o)));
}

/// Of this process, MB. Not ru_maxrss on Linux: that may begin with the peak of the process that started this one.
double peak_mb() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (double kb = 0; word == "VmHWM:" && file >> kb) return kb / 1024;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Trains for some steps and prints the row.
void train(const Options& o, std::size_t count) {
  const auto begin = Clock::now();
  const std::unique_ptr<FaceSamples> faces = faces_of(o, count);
  const NamedNetwork& chosen = network_of(o);
  Network network(chosen.spec(true, kValues), chosen.input, 1);
  FitOptions options;
  options.epochs = 1000;
  options.batch_size = o.batch;
  options.threads = o.threads;
  options.loader_threads = o.run == "memory" ? 1 : o.threads;
  double first = 0, rate = 0;
  int steps = 0;
  Clock::time_point after_first;
  FitCallbacks callbacks;
  callbacks.on_step = [&](const StepReport&) {
    if (++steps == 1) first = seconds_since(begin), after_first = Clock::now();
    rate = (steps - 1) * o.batch / seconds_since(after_first);
    return steps <= o.steps;
  };
  fit(network, *faces, nullptr, options, callbacks);
  std::printf("%8zu faces  %-7s  first step after %8.2f s  peak %8.1f MB  %8.1f images/s\n", count, o.run.c_str(),
              first, peak_mb(), rate);
}

void pack(const Options& o, std::size_t count) {
  PackOptions options;
  options.store = store_of(o);
  if (o.raw) options.quality = 0;
  const auto begin = Clock::now();
  const PackResult result = pack_drawn(folder_of(o, count), 1, count, options);
  if (result.found == result.shards) return;
  std::printf("%8zu faces  packed in %.1f s: %.1f MB, %zu shards\n", count, seconds_since(begin),
              static_cast<double>(result.bytes) / 1e6, result.shards);
  std::fflush(stdout);
}

/// What JPEG costs in bytes, and changes in the samples that a network sees.
void compare_qualities(const Options& o) {
  constexpr std::size_t kFaces = 50;
  const FaceStore store = FaceStore::draw(1, kFaces, store_of(o));
  std::vector<float> wanted(store.pixels_per_sample()), pixels(wanted.size()), values(store.values_per_sample());
  for (const int quality : {0, 91, 93, 95, 97, 99}) {
    PackOptions options;
    options.store = store_of(o);
    options.quality = quality;
    const std::filesystem::path folder = std::filesystem::path(o.folder) / ("quality-" + std::to_string(quality));
    const PackResult result = pack_drawn(folder, 1, kFaces, options);
    const FaceShards shards = FaceShards::open(folder);
    double square = 0;
    for (std::size_t i = 0; i < kFaces; ++i) {
      store.prepare(i, Random(0), false, {wanted, values, {}});
      shards.prepare(i, Random(0), false, {pixels, values, {}});
      for (std::size_t k = 0; k < pixels.size(); ++k)
        square += static_cast<double>((pixels[k] - wanted[k]) * (pixels[k] - wanted[k]));
    }
    std::printf("quality %3d  %8.1f KB a face  error %5.2f grey levels (root mean square)\n", quality,
                static_cast<double>(result.bytes) / kFaces / 1e3,
                255 * std::sqrt(square / static_cast<double>(kFaces * pixels.size())));
    std::fflush(stdout);
    std::filesystem::remove_all(folder);
  }
}

/// As one word of a shell's command line.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

int start(const Options& o, const char* program, std::size_t count, const char* run) {
  const std::string command = quoted(program) + " --run " + run + " --faces " + std::to_string(count) + " --memory " +
                              std::to_string(o.memory) + " --steps " + std::to_string(o.steps) + " --batch " +
                              std::to_string(o.batch) + " --threads " + std::to_string(o.threads) + " --network " +
                              quoted(o.network) + " --folder " + quoted(o.folder) + (o.raw ? " --raw" : "");
  return std::system(command.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Training from shards: time to the first step, peak memory, images a second"};
  Options o;
  app.add_option("--faces", o.faces, "Numbers of faces")->capture_default_str();
  app.add_option("--in-memory", o.in_memory, "From memory, too, up to this many")->capture_default_str();
  app.add_option("--memory", o.memory, "Of decoded faces, MB")->capture_default_str();
  app.add_option("--steps", o.steps, "Steps that are timed")->capture_default_str();
  app.add_option("--batch", o.batch)->capture_default_str();
  app.add_option("--threads", o.threads)->capture_default_str();
  app.add_option("--network", o.network)->capture_default_str();
  app.add_option("--folder", o.folder, "For the shards, which stay there")->capture_default_str();
  app.add_flag("--raw", o.raw, "Pixels as they are");
  app.add_flag("--qualities", o.qualities,
               "Instead: bytes and errors of JPEG at some qualities; 0: pixels as they are");
  app.add_option("--run", o.run, "shards, drawn or memory: one training, for one number of faces")->group("");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!o.run.empty()) {
      train(o, o.faces.front());
      return 0;
    }
    if (o.qualities) {
      compare_qualities(o);
      return 0;
    }
    for (const std::size_t count : o.faces) {
      pack(o, count);
      int failed = start(o, argv[0], count, "shards") + start(o, argv[0], count, "drawn");
      if (count <= o.in_memory) failed += start(o, argv[0], count, "memory");
      if (failed != 0) return 1;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
