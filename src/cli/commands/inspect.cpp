#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/options.hpp"
#include "cli/shard_report.hpp"
#include "cli/tunings.hpp"
#include "cli/why.hpp"
#include "lineament/error.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/model/model.hpp"
#include "lineament/model/spec_json.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament::cli {
namespace {

struct InspectOptions {
  std::string model;
  int batch = 32;
  std::string input;  ///< "640x480", as given
  bool json = false;
  bool why = false, train = false, verify = false;
  std::string precision = "fp32";
  int threads = 1;
};

void add_options(CLI::App& c, InspectOptions& o) {
  c.add_option("MODEL", o.model,
               "A .safetensors file; " + default_models_text() +
                   " or detector, models that are part of the program; a network, " + network_names() +
                   "or a JSON file that describes one; or a folder of packed faces")
      ->required();
  c.add_option(
       "--input", o.input,
       "As if pictures had this size, WIDTHxHEIGHT: for networks that take any, as detector. Memory is then that "
       "of one picture")
      ->type_name("SIZE");
  c.add_option("--batch", o.batch, "For the arena's size")->capture_default_str()->check(at_least(1));
  c.add_flag("--json", o.json, "Print JSON");
  auto* why =
      c.add_flag("--why", o.why, "Op by op: which kernel runs, which were refused and why, what was fused, memory");
  c.add_flag("--train", o.train, "With --why: the plan of a training step of --batch images, not of inferring one")
      ->needs(why);
  c.add_flag("--verify", o.verify, "Of packed faces: read all of them, and compare their checksums")->excludes(why);
  add_precision(c, o.precision)->needs(why);
  add_threads(c, o.threads)->needs(why);
}

/// The same network for pictures of another size.
Network resized(const Network& network, const std::string& size) {
  int width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(size.c_str(), "%dx%d%c", &width, &height, &rest) != 2 || width < 1 || height < 1)
    throw ArgumentError({"--input", "not a size", "WIDTHxHEIGHT in pixels, e.g. 640x480", size, ""});
  if (static_cast<std::int64_t>(width) * height > 64'000'000)
    throw ArgumentError({"--input", "no network is asked to see so much", "at most 64 megapixels", size, ""});
  try {
    Network other = Network::zeros(network.spec(), Shape{height, width, network.input_shape().channels()});
    if (other.weight_count() == network.weight_count()) {
      std::copy(network.weights().begin(), network.weights().end(), other.weights().begin());
      return other;
    }
  } catch (const Error&) {  // a layer that does not fit its input: no answer for who gave a size
  }
  throw ArgumentError({"--input", "the network does not take pictures of this size",
                       "its own, " + to_string(network.input_shape()) + "; for a detector, multiples of 32", size, ""});
}

struct Sizes {
  std::size_t train, infer, infer_one;  ///< 0: not asked for
};

Sizes arena_sizes(Network& network, int batch) {
  return {TrainingSession(network, {.batch = batch}).arena_bytes(),
          InferenceSession(network, {.batch = batch}).arena_bytes(), InferenceSession(network).arena_bytes()};
}

std::size_t weights_of(const Network& network, NodeId id) {
  std::size_t n = 0;
  for (const ParamInfo& p : network.params())
    if (p.node == id && p.trainable) n += p.size;
  return n;
}

void print_table(const Network& network, const Sizes& sizes, int batch) {
  const Spec& spec = network.spec();
  std::printf("%-14s %-16s %-14s %12s %14s\n", "layer", "type", "output", "weights", "multiply-adds");
  std::printf("%-14s %-16s %-14s\n", "input", "", to_string(network.input_shape()).c_str());
  for (NodeId id = 1; id <= spec.size(); ++id)
    std::printf("%-14s %-16s %-14s %12zu %14zu\n", spec[id].name.str().c_str(),
                std::string(type_of(spec[id].layer)).c_str(), to_string(network.shapes()[id]).c_str(),
                weights_of(network, id), lineament::multiply_adds(spec[id], network.shapes()));
  std::printf("%-14s %-16s %-14s %12zu %14zu\n\n", "total", "", "", network.weight_count(), network.multiply_adds());
  std::string outputs;
  for (const Port& port : network.outputs())
    outputs += (outputs.empty() ? "" : ", ") + port.name + " (" + std::to_string(port.shape.size()) + ")";
  std::printf("outputs (values): %s\n\n", outputs.c_str());
  if (sizes.train > 0)
    std::printf("arena, training, batch %d    %8.1f MB\n", batch, static_cast<double>(sizes.train) / 1e6);
  if (sizes.infer > 0)
    std::printf("arena, inference, batch %d   %8.1f MB\n", batch, static_cast<double>(sizes.infer) / 1e6);
  std::printf("arena, inference, batch 1    %8.1f MB\n\n", static_cast<double>(sizes.infer_one) / 1e6);
  std::printf("inference runs as (%s):\n", current_isa().c_str());
  const auto tuning = tuning_of_this_machine();
  const InferenceSession session(network, {.tuning = tuning.get()});
  for (const PlannedOp& step : session.plan())
    std::printf("  %-36s %-12s %s\n", step.layers.c_str(), step.kernel.c_str(), to_string(step.output).c_str());
}

/// The plan that the options ask about.
std::vector<PlannedOp> plan_for(Network& network, const InspectOptions& o, const std::vector<LayerRange>& known) {
  const Precision precision = precision_by_name(o.precision);
  if (o.train) return TrainingSession(network, {.batch = o.batch, .threads = o.threads, .precision = precision}).plan();
  std::vector<LayerRange> ranges = known;
  if (precision == Precision::int8 && ranges.empty()) {  // an untrained network: any sample will do
    std::size_t size = 0;
    for (const Port& input : network.inputs()) size += input.shape.size();
    ranges = measure_ranges(network, std::vector<float>(size, 0.5f));
  }
  const auto tuning = tuning_of_this_machine();  // as predict has it
  return InferenceSession(network,
                          {.threads = o.threads, .precision = precision, .ranges = ranges, .tuning = tuning.get()})
      .plan();
}

void print_json(const Network& network, const Sizes& sizes, int batch) {
  nlohmann::ordered_json json;
  const Spec& spec = network.spec();
  for (NodeId id = 1; id <= spec.size(); ++id)
    json["layers"].push_back({{"name", spec[id].name.str()},
                              {"type", std::string(type_of(spec[id].layer))},
                              {"output", to_string(network.shapes()[id])},
                              {"weights", weights_of(network, id)},
                              {"multiply_adds", lineament::multiply_adds(spec[id], network.shapes())}});
  for (const Port& port : network.outputs())
    json["outputs"].push_back({{"name", port.name}, {"values", port.shape.size()}});
  json["weights"] = network.weight_count();
  json["multiply_adds"] = network.multiply_adds();
  json["batch"] = batch;
  if (sizes.train > 0) json["arena_bytes"] = {{"train", sizes.train}, {"infer", sizes.infer}};
  json["arena_bytes"]["infer_batch_1"] = sizes.infer_one;
  std::printf("%s\n", json_text(json, 2).c_str());
}

int inspect(const InspectOptions& o) {
  if (holds_shards(o.model)) return inspect_shards(o.model, o.verify, o.json);
  if (o.verify)
    throw ArgumentError({"--verify", "it is for packed faces", "a folder that 'lineament pack' wrote", o.model,
                         "a model is checked whenever it is loaded"});
  std::optional<Model> model;
  require_no_folder(o.model);
  const bool is_model = names_model(o.model);
  if (!is_model && !o.model.ends_with(".json") && std::filesystem::exists(o.model))
    throw ArgumentError({o.model, "neither a model nor a description of a network",
                         "a file ending in .safetensors or .json", "",
                         "give a file of a run, e.g. run/model.safetensors"});
  const SpecFile file = is_model ? SpecFile{} : network_by_name(o.model, kValues, "a .safetensors file, detector, ");
  if (is_model) model = load_named_model(o.model);
  Network network = model ? std::move(model->network) : Network(file.spec, file.input);
  if (!o.input.empty() && model && network.outputs().front().shape == Shape{model->scheme.values()})
    throw ArgumentError({"--input", "the model finds points in crops of one size, whatever the picture's", "a detector",
                         o.model, "leave it out; 'lineament inspect detector --input SIZE' prints what finding takes"});
  if (!o.input.empty()) network = resized(network, o.input);
  if (o.why) {
    const auto plan = plan_for(network, o, model ? model->ranges : std::vector<LayerRange>());
    std::printf("%s", o.json ? (json_text(why_json(plan), 2) + "\n").c_str() : why_text(plan).c_str());
    return 0;
  }
  // A batch of large pictures, to train on, is more than a machine has: nobody who gives a size asks for it.
  const Sizes sizes =
      o.input.empty() ? arena_sizes(network, o.batch) : Sizes{0, 0, InferenceSession(network).arena_bytes()};
  if (o.json) {
    print_json(network, sizes, o.batch);
    return 0;
  }
  const bool finds_faces = network.outputs().front().name == kCellOutputs.front();
  if (model && finds_faces) std::printf("finds faces; trained on %s\n\n", model->trained_on.c_str());
  if (model && !finds_faces)
    std::printf("crop %d x %d, margin %.2f of the box; trained on %s\n\n", model->preprocessing.size,
                model->preprocessing.size, static_cast<double>(model->preprocessing.margin), model->trained_on.c_str());
  print_table(network, sizes, o.batch);
  return 0;
}

}  // namespace

Command inspect_command() {
  const auto o = std::make_shared<InspectOptions>();
  return {
      .name = "inspect",
      .about = "Show a model's or network's layers, weights, multiply-adds and memory, or what packed faces there are",
      .footer =
          "Examples:\n  lineament inspect compact\n  lineament inspect reference\n  lineament inspect "
          "run/model.safetensors --json\n"
          "  lineament inspect mobile --why --threads 2\n  lineament inspect mobile --why --train --batch 8\n"
          "  lineament inspect shards --verify",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return inspect(*o); }};
}

}  // namespace lineament::cli
