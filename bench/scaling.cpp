// Question: what does a line between ranks cost a step of training, and how much of it is hidden beside the backward
// pass? For each network: one rank; two ranks with nothing between them; and two with a line of some Gbit/s, which is
// made here: each call takes as long as alpha + bytes / beta would. --json gives tools/scaling-model what it needs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/train/local_ranks.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}
double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

struct Line {
  double gbit = 0;  ///< per second, both ways at once; 0: nothing takes time
  double latency_us = 50;
};

/// Messages of a rank leave one after the other. Waiting leaves the core to the ranks.
class LineBetween final : public Communicator {
 public:
  LineBetween(Communicator& ranks, const Line& line) : ranks_(ranks), line_(line) {
    if (ranks.beside() != nullptr) beside_ = std::make_unique<LineBetween>(*ranks.beside(), line);
  }
  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  void exchange(std::span<const std::byte> mine, std::span<std::byte> received) override {
    const auto begin = Clock::now();
    ranks_.exchange(mine, received);
    wait(begin, size() - 1, mine.size() / static_cast<std::size_t>(size()));
  }
  void gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    const auto begin = Clock::now();
    ranks_.gather(mine, all);
    wait(begin, size() - 1, mine.size());
  }
  void broadcast(std::span<std::byte> bytes, int from) override {
    const auto begin = Clock::now();
    ranks_.broadcast(bytes, from);
    wait(begin, 1, bytes.size());
  }
  void end_all(const std::string& line) noexcept override { ranks_.end_all(line); }
  bool any_thread() const override { return true; }
  Communicator* beside() override { return beside_.get(); }

 private:
  void wait(Clock::time_point begin, int messages, std::size_t bytes) const {
    if (line_.gbit == 0) return;
    const double us = messages * (line_.latency_us + static_cast<double>(bytes) * 8e-3 / line_.gbit);
    std::this_thread::sleep_until(begin + std::chrono::nanoseconds(static_cast<long>(1000 * us)));
  }

  Communicator& ranks_;
  Line line_;
  std::unique_ptr<LineBetween> beside_;
};

/// Pixels and points of no face: a step takes as long.
struct Noise : SampleSource {
  std::size_t pixels, values, count;
  Noise(const Network& network, std::size_t samples)
      : pixels(network.input_shape().size()), values(kValues), count(samples) {}
  std::size_t size() const override { return count; }
  std::size_t pixels_per_sample() const override { return pixels; }
  std::size_t values_per_sample() const override { return values; }
  bool weighted() const override { return true; }
  void prepare(std::size_t index, Random, bool, const Sample& to) const override {
    Random own(1, index);
    std::fill(to.pixels.begin(), to.pixels.end(), own.uniform());
    for (float& v : to.values) v = own.uniform();
    std::fill(to.weights.begin(), to.weights.end(), 1.0f);
  }
};

struct Options {
  std::vector<std::string> networks;
  std::vector<double> gbit{10, 1};
  int batch = 32, steps = 8;
  double latency_us = 50;
  std::string json;
};

/// As `train` sets it for the network.
FitOptions fit_options(const Options& o, const Network& network, int ranks) {
  FitOptions f;
  f.epochs = 1;
  f.batch_size = o.batch * ranks;
  f.threads = 1;
  f.start_at_mean = false;
  f.schedule.rate = 1e-5f;
  if (network.outputs().size() == 1) return f;
  f.joint_loss = joint_face_loss("laplace", network, {.heatmaps = 0.3});
  f.own_outputs = face_loss_own_outputs(network);
  return f;
}

/// Of rank 0, without the first two steps.
double step_ms(const Options& o, const NamedNetwork& named, int ranks, const Line& line, bool overlap) {
  std::vector<double> times;
  LocalRanks(ranks).run([&](Communicator& rank) {
    Network network(named.spec(true, kValues), named.input, 1);
    LineBetween between(rank, line);
    FitOptions f = fit_options(o, network, ranks);
    f.distributed.communicator = &between;
    f.distributed.overlap = overlap;
    auto last = Clock::now();
    int steps = 0;
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport&) {
      if (++steps > 2 && rank.rank() == 0) times.push_back(ms_since(last));
      last = Clock::now();
      return true;
    };
    fit(network, Noise(network, static_cast<std::size_t>(f.batch_size * (o.steps + 2))), nullptr, f, callbacks);
  });
  return median(times);
}

/// Of a step's passes, the share of the one back.
double backward_share(const Options& o, const NamedNetwork& named) {
  Network network(named.spec(true, kValues), named.input, 1);
  TrainingSession session(network, {.batch = o.batch, .threads = 1});
  std::vector<double> forward, backward;
  for (int i = 0; i < 4; ++i) {
    std::fill(session.input().begin(), session.input().end(), 0.5f);  // forward works in its memory
    const auto begin = Clock::now();
    session.forward();
    forward.push_back(ms_since(begin));
    for (std::size_t out = 0; out < network.outputs().size(); ++out) {
      const std::span<float> gradient = session.output_gradient(out);
      std::fill(gradient.begin(), gradient.end(), 1e-3f);
    }
    const auto middle = Clock::now();
    session.backward();
    backward.push_back(ms_since(middle));
  }
  return median(backward) / (median(forward) + median(backward));
}

/// What goes over the line.
nlohmann::ordered_json describe(const Options& o, const NamedNetwork& named) {
  const Network network(named.spec(true, kValues), named.input, 1);
  std::size_t norms = 0, channels = 0, outputs = 2 * kValues;  // truths and weights
  for (const ParamInfo& p : network.params())
    if (p.name.ends_with(".running_mean")) ++norms, channels += p.shape.size();
  const std::vector<std::string> own = face_loss_own_outputs(network);
  for (const Port& output : network.outputs())
    if (std::find(own.begin(), own.end(), output.name) == own.end()) outputs += output.shape.size();
  return {{"network", named.name}, {"weights", network.trainable_size()},
          {"norms", norms},        {"channels", channels},
          {"outputs", outputs},    {"gathers", network.outputs().size() + 2},
          {"batch", o.batch},      {"latency_us", o.latency_us}};
}

nlohmann::ordered_json measure(const Options& o, const NamedNetwork& named) {
  nlohmann::ordered_json row = describe(o, named);
  row["backward"] = backward_share(o, named);
  row["step_ms"] = step_ms(o, named, 1, {}, true);
  row["two_ms"] = step_ms(o, named, 2, {}, true);
  std::printf("%-10s %9.1f %9.1f", named.name.data(), row["step_ms"].get<double>(), row["two_ms"].get<double>());
  for (const double gbit : o.gbit) {
    const Line line{gbit, o.latency_us};
    const double beside = step_ms(o, named, 2, line, true), after = step_ms(o, named, 2, line, false);
    row["lines"].push_back({{"gbit", gbit}, {"beside_ms", beside}, {"after_ms", after}});
    std::printf(" %9.1f %9.1f", beside, after);
    std::fflush(stdout);
  }
  std::printf("\n");
  return row;
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const NamedNetwork& named : named_networks()) all.emplace_back(named.name);
  return all;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"A step of training on two ranks of one thread with a line between them, ms"};
  Options o;
  app.add_option("--networks", o.networks, "Those alone")->check(CLI::IsMember(names()));
  app.add_option("--gbit", o.gbit, "Of the line, per second")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--latency-us", o.latency_us, "Of a message")->capture_default_str()->check(CLI::NonNegativeNumber);
  app.add_option("--batch", o.batch, "Of a rank")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--steps", o.steps, "That are timed, each")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--json", o.json, "What was measured, for tools/scaling-model --steps");
  CLI11_PARSE(app, argc, argv);
  // Asked before minutes are spent; what is there stays until the end.
  if (!o.json.empty() && !std::ofstream(o.json, std::ios::app))
    throw FileError({o.json, "it cannot be written", "", "", ""});
  std::printf("%-10s %9s %9s", "network", "one rank", "two");
  for (const double gbit : o.gbit) std::printf("   %g Gbit/s: beside, after", gbit);
  std::printf("\n");
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const NamedNetwork& named : named_networks()) {
    const bool wanted = std::find(o.networks.begin(), o.networks.end(), named.name) != o.networks.end();
    if (wanted || o.networks.empty()) rows.push_back(measure(o, named));
  }
  if (!o.json.empty()) write_file(o.json, rows.dump(2) + '\n');
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
