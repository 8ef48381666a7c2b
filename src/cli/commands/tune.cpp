#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "lineament/error.hpp"
#include "lineament/model/tuning_file.hpp"
#include "lineament/nn/tuning.hpp"
#include "lineament/threads.hpp"

namespace lineament::cli {
namespace {

constexpr std::string_view kTuningBegin = "{\n \"about\": \"kernels that were the fastest";  // save_tuning()

struct TuneCommandOptions {
  std::string model;
  std::vector<int> batches{1, 2, 4, 8};  // what Landmarkers run
  std::vector<int> threads{1, 0};        // what predict runs: many photos side by side, a single one on all cores
  double seconds = 40;
  Path out;
  bool json = false;
};

void add_options(CLI::App& c, TuneCommandOptions& o) {
  c.add_option("MODEL", o.model,
               "A .safetensors file; " + default_models_text() + " or detector; a network, " + network_names() +
                   "or a JSON file that describes one (default: compact)");
  c.add_option("--batch", o.batches, "Images at a time; may be given several times")
      ->capture_default_str()
      ->check(at_least(1))
      ->take_all()
      ->allow_extra_args(false);  // MODEL may follow
  c.add_option("--threads", o.threads, "Threads, 0: one for each core; may be given several times")
      ->capture_default_str()
      ->check(whole(0, kMostThreads))
      ->take_all()
      ->allow_extra_args(false);
  c.add_option("--seconds", o.seconds, "How long to try, in all")->capture_default_str()->check(number(0.01, 86400));
  c.add_option("--out", o.out,
               "File to keep the result in (default: $LINEAMENT_TUNING, or ~/.cache/lineament/tuning.json)")
      ->type_name("FILE");
  c.add_flag("--json", o.json, "Print JSON");
}

Network network_of(const std::string& name) {
  require_no_folder(name);
  if (name.empty() || names_model(name)) return std::move(load_named_model(name).network);
  const SpecFile file = network_by_name(name, kValues, "a .safetensors file, detector, ");
  return Network(file.spec, file.input);
}

/// The numbers of threads that are meant, each once: on one core 0 is 1.
std::vector<int> thread_counts(const std::vector<int>& given) {
  std::vector<int> counts;
  for (const int threads : given) {
    const int count = threads > 0 ? threads : Threads(0).count();
    if (std::find(counts.begin(), counts.end(), count) == counts.end()) counts.push_back(count);
  }
  return counts;
}

/// What was timed at once.
struct Setting {
  int batch, threads;
  std::string text() const {
    return "batch " + std::to_string(batch) + ", " + counted(static_cast<std::size_t>(threads), "thread");
  }
};

/// "batch 1, 2 threads: 1.234 ms, …": what the whole network says.
void print_whole(const TuneResult& result, const Setting& at) {
  const double usual = 1e3 * result.usual_seconds, tuned = 1e3 * result.tuned_seconds;
  std::printf("%s: %.3f ms", at.text().c_str(), usual);
  if (tuned < usual)
    std::printf(", tuned %.3f ms\n", tuned);
  else if (tuned > usual)
    std::printf(", with the fastest kernel of each layer %.3f ms: the usual ones stay\n", tuned);
  else
    std::printf(": no other kernels are faster\n");
}

void print_text(const TuneResult& result, const Setting& at) {
  print_whole(result, at);
  for (const TunedOp& op : result.ops) {
    std::printf("  %-14s", op.layer.c_str());
    for (std::size_t i = 0; i < op.candidates.size(); ++i)
      std::printf("  %s%s%s %.1f us", op.candidates[i].kernel.c_str(), i == op.chosen ? "*" : "",
                  op.candidates[i].same_bits ? "" : "~", 1e6 * op.candidates[i].seconds);
    std::printf("\n");
  }
}

nlohmann::ordered_json to_json(const TuneResult& result, const Setting& at) {
  nlohmann::ordered_json json{{"batch", at.batch},
                              {"threads", at.threads},
                              {"seconds", result.usual_seconds},
                              {"seconds_tuned", result.tuned_seconds}};
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

/// Images that threads go through alone are the same ops at every batch and number of threads: what `known` has of them
/// stays.
TuneResult tune_at(const Network& network, const Setting& at, double seconds, const Tuning& known) {
  Progress progress("tuning");
  TuneOptions how{.seconds = seconds};
  how.progress = [&](std::size_t done, std::size_t total) {
    progress.update(done, total, at.text() + text(", layer %zu of %zu", done, total));
  };
  TuneResult result = tune(network, {.batch = at.batch, .threads = at.threads, .tuning = &known}, how);
  progress.clear();
  return result;
}

/// Found out before the minutes of timing: adds nothing. Throws ArgumentError or FileError.
void require_writable(const Path& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error))
    throw ArgumentError({file.string(), "the result cannot be kept here", "a file", "a folder or a device",
                         "give another with --out, e.g. tuning.json"});
  save_tuning(file, {.machine = tuning_machine()});
}

/// Of all settings.
struct Found {
  Tuning tuning{.machine = tuning_machine()};
  std::size_t changed = 0;  ///< ops that another kernel runs than before

  void add(const TuneResult& result) {
    tuning.kernels.insert(result.tuning.kernels.begin(), result.tuning.kernels.end());
    for (const TunedOp& op : result.ops) changed += op.chosen != 0 ? 1 : 0;
  }
};

int tune_network(const TuneCommandOptions& o) {
  const Path file = o.out.empty() ? default_tuning_file() : o.out;
  if (file.empty())
    throw ArgumentError({"--out", "there is no cache folder to keep the result in", "--out FILE, or HOME set", "", ""});
  // The one in the cache folder is ours, and written anew where it is damaged.
  if (const char* named = std::getenv("LINEAMENT_TUNING"); !o.out.empty())
    require_own(file, kTuningBegin, "--out another file's name, e.g. tuning.json");
  else if (named != nullptr && *named != 0)
    require_own(file, kTuningBegin, "LINEAMENT_TUNING another file's name, e.g. tuning.json");
  const Network network = network_of(o.model);
  require_writable(file);
  say_when_interrupted("stopped: nothing is chosen before all settings have been timed");
  std::vector<Setting> settings;
  for (const int threads : thread_counts(o.threads))
    for (const int batch : o.batches) settings.push_back({batch, threads});
  Found found;
  nlohmann::ordered_json json{{"machine", found.tuning.machine}};
  for (const Setting& at : settings) {
    const TuneResult result = tune_at(network, at, o.seconds / static_cast<double>(settings.size()), found.tuning);
    if (o.json)
      json["results"].push_back(to_json(result, at));
    else
      print_text(result, at);
    found.add(result);
  }
  if (o.json) std::printf("%s\n", json_text(json, 2).c_str());
  save_tuning(file, found.tuning);
  say(counted(found.tuning.kernels.size(), "op") + text(", %zu of them on another kernel than usual: ", found.changed) +
      file.string() + ", for " + found.tuning.machine);
  return 0;
}

}  // namespace

Command tune_command() {
  const auto o = std::make_shared<TuneCommandOptions>();
  return {
      .name = "tune",
      .about = "Find the fastest kernels for a model on this machine",
      .footer =
          "Each convolution and dense layer runs on every kernel that can run it, in fp32; then the whole network runs "
          "with those that won. * marks what is kept, ~ what adds or rounds otherwise than the first: points may "
          "change within rounding with it. predict, track and inspect use the result from then on. Let nothing else "
          "run meanwhile. Tune again to choose anew; delete the file to go back.\n"
          "Examples:\n"
          "  lineament tune\n"
          "  lineament tune run/model.safetensors --threads 1 --threads 2 --seconds 60\n"
          "  lineament tune reference --batch 1 --threads 1 --out tuning.json --json",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return tune_network(*o); }};
}

}  // namespace lineament::cli
