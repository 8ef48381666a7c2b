#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "lineament/error.hpp"
#include "lineament/model/tuning_file.hpp"
#include "lineament/nn/tuning.hpp"

namespace lineament::cli {
namespace {

struct TuneCommandOptions {
  std::string model;
  std::vector<int> batches{1, 2, 4, 8};  // what Landmarkers run
  int threads = 1;
  double seconds = 20;
  Path out;
  bool json = false;
};

void add_options(CLI::App& c, TuneCommandOptions& o) {
  c.add_option("MODEL", o.model,
               "A .safetensors file; " + default_models_text() + "; a network, " + network_names() +
                   "or a JSON file that describes one (default: compact)");
  c.add_option("--batch", o.batches, "Images at a time; several may be given")
      ->capture_default_str()
      ->check(at_least(1))
      ->take_all();
  c.add_option("--seconds", o.seconds, "How long to try, in all")->capture_default_str()->check(number(0.01, 86400));
  c.add_option("--out", o.out, "File to keep the result in (default: one in your cache folder)")->type_name("FILE");
  c.add_flag("--json", o.json, "Print JSON");
  add_threads(c, o.threads);
}

Network network_of(const std::string& name) {
  require_no_folder(name);
  if (name.empty() || names_model(name)) return std::move(load_named_model(name).network);
  const SpecFile file = network_by_name(name);
  return Network(file.spec, file.input);
}

/// The fastest of many passes of the whole network, with the tuning and without, in turn.
struct WholeTimes {
  double usual = 1e9, tuned = 1e9;
};
WholeTimes time_whole(const Network& network, int batch, int threads, const Tuning& tuning, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  InferenceSession usual(network, {.batch = batch, .threads = threads}),
      tuned(network, {.batch = batch, .threads = threads, .tuning = &tuning});
  const auto time = [&](InferenceSession& session) {
    std::fill(session.input().begin(), session.input().end(), 0.5f);
    const auto begin = Clock::now();
    session.forward();
    return since(begin);
  };
  WholeTimes times;
  time(usual), time(tuned);  // bring their memory in
  const auto begin = Clock::now();
  do {
    times.usual = std::min(times.usual, time(usual));
    times.tuned = std::min(times.tuned, time(tuned));
  } while (since(begin) < seconds);
  return times;
}

void print_text(const TuneResult& result, int batch, const WholeTimes& times) {
  std::printf("batch %d: %.3f ms, tuned %.3f ms\n", batch, 1e3 * times.usual, 1e3 * times.tuned);
  for (const TunedOp& op : result.ops) {
    std::printf("  %-14s", op.layer.c_str());
    for (std::size_t i = 0; i < op.candidates.size(); ++i)
      std::printf("  %s%s%s %.1f us", op.candidates[i].kernel.c_str(), i == op.chosen ? "*" : "",
                  op.candidates[i].same_bits ? "" : "~", 1e6 * op.candidates[i].seconds);
    std::printf("\n");
  }
}

nlohmann::ordered_json to_json(const TuneResult& result, int batch, const WholeTimes& times) {
  nlohmann::ordered_json json{{"batch", batch}, {"seconds", times.usual}, {"seconds_tuned", times.tuned}};
  json["ops"] = nlohmann::ordered_json::array();
  for (const TunedOp& op : result.ops) {
    nlohmann::ordered_json entry{{"layer", op.layer}, {"op", op.op}, {"chosen", op.candidates[op.chosen].kernel}};
    for (const TunedOp::Candidate& c : op.candidates) {
      entry["seconds"][c.kernel] = c.seconds;
      entry["same_bits"][c.kernel] = c.same_bits;
    }
    json["ops"].push_back(entry);
  }
  return json;
}

int tune_network(const TuneCommandOptions& o) {
  const Path file = o.out.empty() ? default_tuning_file() : o.out;
  if (file.empty())
    throw ArgumentError({"--out", "there is no cache folder to keep the result in", "--out FILE, or HOME set", "", ""});
  const Network network = network_of(o.model);
  const double share = o.seconds / static_cast<double>(o.batches.size());
  nlohmann::ordered_json json{{"machine", tuning_machine()}, {"threads", o.threads}};
  Tuning all{.machine = tuning_machine()};
  for (const int batch : o.batches) {
    Progress progress("tuning");
    TuneOptions how{.seconds = 0.8 * share};
    how.progress = [&](std::size_t done, std::size_t total) {
      progress.update(done, total, text("batch %d, layer %zu of %zu", batch, done, total));
    };
    const TuneResult result = tune(network, {.batch = batch, .threads = o.threads}, how);
    progress.clear();
    const WholeTimes times = time_whole(network, batch, o.threads, result.tuning, 0.2 * share);
    if (o.json)
      json["batches"].push_back(to_json(result, batch, times));
    else
      print_text(result, batch, times);
    all.kernels.insert(result.tuning.kernels.begin(), result.tuning.kernels.end());
  }
  if (o.json) std::printf("%s\n", json_text(json, 2).c_str());
  save_tuning(file, all);
  say(counted(all.kernels.size(), "layer") +
      text(" of another kernel: %s; on %s", file.string().c_str(), tuning_machine().c_str()));
  return 0;
}

}  // namespace

Command tune_command() {
  const auto o = std::make_shared<TuneCommandOptions>();
  return {
      .name = "tune",
      .about = "Find the fastest kernels for a model on this machine",
      .footer =
          "Each convolution and dense layer runs on every kernel that can run it, in fp32. * marks what won, ~ what "
          "adds or rounds otherwise than the first: where it won, points may change within rounding. predict uses the "
          "result from then on. Let nothing else run meanwhile. Delete the file to go back.\n"
          "Examples:\n"
          "  lineament tune\n"
          "  lineament tune run/model.safetensors --threads 2 --seconds 60\n"
          "  lineament tune reference --batch 1 --out tuning.json --json",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return tune_network(*o); }};
}

}  // namespace lineament::cli
