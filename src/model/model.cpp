#include "lineament/model/model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "lineament/error.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/safetensors.hpp"
#include "lineament/model/spec_json.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "model/stored_weights.hpp"
#include "model/training_json.hpp"

namespace lineament {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kFormat = "lineament-model-1";
constexpr const char* kTrainedPhotos = "photos.trained_on";
constexpr const char* kHeldOutPhotos = "photos.held_out";
constexpr const char* kOptimizerTensor = "training.optimizer";
constexpr const char* kWeightsTensor = "training.weights";
constexpr std::uint64_t kSelfTestSeed = 68;
// The same weights on another instruction set add up in another order.
constexpr double kSelfTestTolerance = 2e-3;

std::vector<float> self_test_output(const Network& network) {
  InferenceSession session(network);
  Random random(kSelfTestSeed);
  for (float& pixel : session.input()) pixel = random.uniform();
  const auto output = session.forward();
  return {output.begin(), output.end()};
}

/// {"conv1": [low, high], …}
Json ranges_json(const std::vector<LayerRange>& ranges) {
  Json json = Json::object();
  for (const LayerRange& r : ranges) json[r.layer] = {r.range.low, r.range.high};
  return json;
}

/// In one line: the indents of so many layers would be a twentieth of a small model's file.
std::string spec_text(const Network& network) {
  return Json::parse(spec_to_json(network.spec(), network.input_shape())).dump();
}

std::string about_json(const std::map<std::string, std::string>& texts) {
  try {
    return Json(texts).dump();
  } catch (const Json::exception&) {
    throw ArgumentError({"metadata", "it cannot be written", "UTF-8", "another text", ""});
  }
}

bool makes_sense(const Range& range) {
  return std::isfinite(range.low) && std::isfinite(range.high) && range.low <= 0 && range.high >= 0;
}

std::size_t values_of(const Network& network) {
  std::size_t values = 0;
  for (NodeId id = 0; id <= network.spec().size(); ++id) values += network.shapes()[id].size();
  return values;
}
/// Of inputs and outputs of layers, of one image: 2 GB, far above any network for faces.
constexpr std::size_t kMostValues = std::size_t{1} << 29;

/// What loading would refuse replaces no file. Throws ArgumentError or ModelError.
void require_loadable(const std::string& path, const Model& model) {
  if (model.network.spec().size() == 0)
    throw ModelError({path, "not written: the model has no network", "at least a layer", "none", ""});
  require_valid(model.scheme);
  check(model.preprocessing);
  if (model.found_box) box_from(*model.found_box, {0, 0, 1, 1});  // throws for what is none
  if (model.scheme.name == ibug_68().name && scheme_to_json(model.scheme) != scheme_to_json(ibug_68()))
    throw ArgumentError({"scheme", "the name is that of the scheme that is built in", "another name",
                         "'" + model.scheme.name + "'", ""});
  for (const LayerRange& r : model.ranges)
    if (!makes_sense(r.range))
      throw ArgumentError({"ranges", "that of '" + r.layer + "' makes no sense", "two numbers, around 0",
                           std::to_string(r.range.low) + " to " + std::to_string(r.range.high), ""});
  if (values_of(model.network) > kMostValues)
    throw ModelError({path, "not written: the layers' outputs for one image are too large",
                      "at most " + std::to_string(kMostValues) + " values", std::to_string(values_of(model.network)),
                      ""});
  const Json spec = Json::parse(spec_text(model.network));
  for (const Json& layer : spec.at("layers"))
    for (const auto& [option, value] : layer.items())
      if (value.is_null())  // JSON has no word for it
        throw ModelError({path, "not written: an option of a layer is no finite number", "one", option, ""});
}

void save(const std::filesystem::path& path, const Model& model, Stored weights, const TrainingState* state) {
  require_loadable(path.string(), model);
  const std::optional<Network> rounded =
      weights == Stored::f32 ? std::nullopt : std::optional(as_stored(model.network, weights));
  const Network& network = rounded ? *rounded : model.network;
  const std::vector<float> output = self_test_output(network);
  if (!std::all_of(output.begin(), output.end(), [](float v) { return std::isfinite(v); }))
    throw ModelError({path.string(), "not written: the network gives values that are no numbers", "", "",
                      "train it with a lower learning rate"});
  Json self_test;
  self_test["seed"] = kSelfTestSeed;
  self_test["output"] = output;
  Json preprocessing;
  preprocessing["size"] = model.preprocessing.size;
  preprocessing["margin"] = model.preprocessing.margin;
  std::map<std::string, std::string> metadata{{"format", kFormat},
                                              {"spec", spec_text(network)},
                                              {"preprocessing", preprocessing.dump()},
                                              {"self_test", self_test.dump()},
                                              {"trained_on", model.trained_on}};
  if (!model.ranges.empty()) metadata["ranges"] = ranges_json(model.ranges).dump();
  if (!(model.scheme.name == ibug_68().name)) metadata["scheme"] = scheme_to_json(model.scheme);
  if (const auto& f = model.found_box) metadata["found_box"] = Json{f->x, f->y, f->width, f->height}.dump();
  if (!model.metadata.empty()) metadata["about"] = about_json(model.metadata);
  std::vector<NamedTensor> tensors;
  std::vector<std::vector<std::int64_t>> numbers;  // until they are written
  const auto add_photos = [&](const char* name, const std::vector<PhotoPrint>& photos) {
    std::vector<std::int64_t>& all = numbers.emplace_back();
    for (const PhotoPrint& p : photos)  // I64: a type that every reader of the format has
      for (const std::uint64_t part : {p.content, p.look[0], p.look[1]}) all.push_back(static_cast<std::int64_t>(part));
    if (!photos.empty())
      tensors.push_back(tensor_view<std::int64_t>(name, {std::ssize(photos), 3}, std::span<const std::int64_t>(all)));
  };
  numbers.reserve(2);
  add_photos(kTrainedPhotos, model.trained_photos);
  add_photos(kHeldOutPhotos, model.held_out_photos);
  const StoredWeights stored(network, weights);
  tensors.insert(tensors.end(), stored.tensors().begin(), stored.tensors().end());
  if (state != nullptr) {
    metadata["training"] = to_json(*state);
    tensors.push_back(tensor_view<float>(kOptimizerTensor, {static_cast<std::int64_t>(state->optimizer.size())},
                                         std::span<const float>(state->optimizer)));
    if (!state->weights.empty())
      tensors.push_back(tensor_view<float>(kWeightsTensor, {static_cast<std::int64_t>(state->weights.size())},
                                           std::span<const float>(state->weights)));
  }
  write_tensor_file(path, metadata, tensors);
}

[[noreturn]] void damaged(const TensorFile& file, const std::string& what, const std::string& wanted,
                          const std::string& got) {
  throw ModelError({file.source, what, wanted, got, "use another copy of the file, or train again"});
}

Json parse_metadata(const TensorFile& file, const char* key) {
  try {
    return Json::parse(file.meta(key));
  } catch (const Json::exception& e) {
    damaged(file, "the entry '" + std::string(key) + "' is not valid JSON", "", e.what());
  }
}

/// Json's own type errors as ours.
template <class F>
auto reading(const TensorFile& file, const char* key, F&& f) {
  try {
    return f(parse_metadata(file, key));
  } catch (const Json::exception& e) {
    damaged(file, "the entry '" + std::string(key) + "' cannot be understood", "", e.what());
  }
}

void read_floats(const TensorFile& file, const NamedTensor& tensor, std::span<float> to) {
  if (tensor.dtype != "F32" || tensor.data.size() != to.size_bytes())
    damaged(file, "the tensor '" + tensor.name + "' does not fit the network",
            std::to_string(to.size()) + " values of F32",
            std::to_string(tensor.data.size()) + " bytes of " + tensor.dtype);
  if (!to.empty()) std::memcpy(to.data(), tensor.data.data(), to.size_bytes());
}

/// Before any memory is set aside: a network has no more weights than the file.
void check_tensors(const TensorFile& file, const SpecFile& spec) {
  const Shapes shapes = infer_shapes(spec.spec, spec.input);
  for (NodeId id = 1; id <= spec.spec.size(); ++id) {
    const Node& node = spec.spec[id];
    for (const ParamSpec& p : params_of(node.layer, InputShapes(node, shapes))) {
      const NamedTensor& tensor = file.at(node.name.str() + "." + std::string(p.name));
      if (tensor.shape != sizes(p.shape))
        damaged(file, "the tensor '" + tensor.name + "' has the wrong shape", to_string(p.shape),
                to_string(tensor.shape));
    }
  }
}

Network read_network(const TensorFile& file) {
  try {
    const SpecFile spec = spec_from_json(file.meta("spec"), "spec");
    check_tensors(file, spec);
    Network network = Network::zeros(spec.spec, spec.input);
    for (const ParamInfo& p : network.params()) read_weights(file, file.at(p.name), network.values(p));
    return network;
  } catch (const ModelError&) {
    throw;
  } catch (const Error& e) {
    const char* const what = "the network's description cannot be used";
    if (e.problem().fix.empty()) damaged(file, what, "", e.what());
    throw ModelError({file.source, what + (": " + std::string(e.what())), "", "", ""});  // which says what to do
  }
}

std::vector<LayerRange> read_ranges(const TensorFile& file) {
  std::vector<LayerRange> ranges;
  if (!file.metadata.contains("ranges")) return ranges;
  reading(file, "ranges", [&](const Json& j) {
    for (const auto& [layer, range] : j.items())
      ranges.push_back({layer, {range.at(0).get<float>(), range.at(1).get<float>()}});
    return true;
  });
  for (const LayerRange& r : ranges)
    if (!makes_sense(r.range))
      damaged(file, "the range of '" + r.layer + "' makes no sense", "two numbers, around 0",
              std::to_string(r.range.low) + " to " + std::to_string(r.range.high));
  return ranges;
}

std::vector<PhotoPrint> read_photos(const TensorFile& file, const char* name) {
  if (!file.contains(name)) return {};
  std::vector<std::int64_t> numbers(file.at(name).data.size() / sizeof(std::int64_t) / 3 * 3);
  copy_values<std::int64_t>(file, name, numbers);
  std::vector<PhotoPrint> photos;
  const auto at = [&](std::size_t i) { return static_cast<std::uint64_t>(numbers[i]); };
  for (std::size_t i = 0; i < numbers.size(); i += 3) photos.push_back({"", at(i), {at(i + 1), at(i + 2)}});
  return photos;
}

Scheme read_scheme(const TensorFile& file) {
  if (!file.metadata.contains("scheme")) return ibug_68();
  try {
    return scheme_from_json(file.meta("scheme"), "scheme");
  } catch (const FormatError& e) {
    damaged(file, "the scheme of its points makes no sense", "", e.what());
  }
}

std::optional<BoxFactors> read_found_box(const TensorFile& file) {
  if (!file.metadata.contains("found_box")) return std::nullopt;
  const auto f = reading(file, "found_box", [](const Json& j) { return j.get<std::array<float, 4>>(); });
  const BoxFactors factors{f[0], f[1], f[2], f[3]};
  try {
    box_from(factors, {0, 0, 1, 1});
  } catch (const ArgumentError& e) {
    damaged(file, "the box in those that are found makes no sense", "", e.what());
  }
  return factors;
}

/// A small file may describe layers whose outputs fill the memory. Before anything of that size is asked for.
void require_outputs_fit(const TensorFile& file, const Network& network) {
  if (const std::size_t values = values_of(network); values > kMostValues)
    damaged(file, "the layers' outputs for one image are too large",
            "at most " + std::to_string(kMostValues) + " values", std::to_string(values));
}

void check_self_test(const TensorFile& file, const Network& network) {
  const auto expected =
      reading(file, "self_test", [](const Json& j) { return j.at("output").get<std::vector<double>>(); });
  const std::vector<float> output = self_test_output(network);
  if (expected.size() != output.size())
    damaged(file, "the self-test has the wrong size", std::to_string(output.size()), std::to_string(expected.size()));
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double error = std::abs(static_cast<double>(output[i]) - expected[i]);
    if (!(error <= kSelfTestTolerance * (1 + std::abs(expected[i]))))
      damaged(file, "the network does not give the output it gave when it was saved", std::to_string(expected[i]),
              std::to_string(output[i]));
  }
}

}  // namespace

void save_model(const std::filesystem::path& path, const Model& model, const SaveOptions& options) {
  save(path, model, options.weights, nullptr);
}

void save_checkpoint(const std::filesystem::path& path, const Model& model, const TrainingState& state) {
  save(path, model, Stored::f32, &state);
}

namespace {

Checkpoint checkpoint_of(const TensorFile& file) {
  if (!file.metadata.contains("format") || file.meta("format") != kFormat)
    throw ModelError({file.source, "not a model of this program", kFormat,
                      file.metadata.contains("format") ? file.meta("format") : "a safetensors file of another kind",
                      "give a file that training has written"});
  Checkpoint checkpoint;
  checkpoint.model.network = read_network(file);
  checkpoint.model.trained_on = file.meta("trained_on");
  checkpoint.model.preprocessing = reading(file, "preprocessing", [](const Json& j) {
    return Preprocessing{.size = j.at("size").get<int>(), .margin = j.at("margin").get<float>()};
  });
  try {
    check(checkpoint.model.preprocessing);
  } catch (const ArgumentError& e) {
    damaged(file, "the preprocessing makes no sense", "", e.what());
  }
  checkpoint.model.ranges = read_ranges(file);
  checkpoint.model.scheme = read_scheme(file);
  checkpoint.model.found_box = read_found_box(file);
  checkpoint.model.trained_photos = read_photos(file, kTrainedPhotos);
  checkpoint.model.held_out_photos = read_photos(file, kHeldOutPhotos);
  if (file.metadata.contains("about"))
    checkpoint.model.metadata =
        reading(file, "about", [](const Json& j) { return j.get<std::map<std::string, std::string>>(); });
  require_outputs_fit(file, checkpoint.model.network);
  check_self_test(file, checkpoint.model.network);
  if (file.metadata.contains("training")) {
    TrainingState state = reading(file, "training", training_from);
    const NamedTensor& tensor = file.at(kOptimizerTensor);
    state.optimizer.resize(tensor.data.size() / sizeof(float));
    read_floats(file, tensor, state.optimizer);
    if (file.contains(kWeightsTensor)) {
      state.weights.resize(checkpoint.model.network.weights().size());
      read_floats(file, file.at(kWeightsTensor), state.weights);
    }
    checkpoint.state = std::move(state);
  }
  return checkpoint;
}

}  // namespace

Checkpoint load_checkpoint(const std::filesystem::path& path) try {
  return checkpoint_of(read_tensor_file(path));
} catch (const FileError&) {
  const auto names = default_model_names();
  std::error_code error;
  if (std::find(names.begin(), names.end(), path.string()) == names.end() || std::filesystem::exists(path, error))
    throw;
  throw FileError({path.string(), "there is no such file: it is the name of a model that is part of the library", "",
                   "", "read it by load_default_model(\"" + path.string() + "\")"});
}

Model load_model(const std::filesystem::path& path) {
  return load_checkpoint(path).model;
}

Model load_model(std::vector<std::uint8_t> bytes, std::string_view name) {
  return load_checkpoint(std::move(bytes), name).model;
}

Checkpoint load_checkpoint(std::vector<std::uint8_t> bytes, std::string_view name) {
  return checkpoint_of(decode_tensors(std::move(bytes), name));
}

}  // namespace lineament
