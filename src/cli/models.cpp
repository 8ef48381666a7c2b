#include "cli/models.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "cli/console.hpp"
#include "cli/networks.hpp"
#include "cli/photo_files.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament::cli {
namespace {

bool is_there(const Path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

/// The folder of a run, given where its model was meant: it has a model and no photo.
bool is_run_folder(const Path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) && is_there(path / "model.safetensors") && images_in(path).empty();
}

std::string names_of(const std::vector<Port>& outputs) {
  std::string names;
  for (const Port& output : outputs) names += (names.empty() ? "" : ", ") + output.name;
  return names;
}

[[noreturn]] void refuse_unknown(const Path& name, const std::string& what, const std::string& wanted) {
  throw ArgumentError({name.string(), what, wanted + "a .safetensors file, or " + default_models_text(), "",
                       "check the path and the spelling"});
}

/// A model may have any name: it begins with the size of its header, 8 bytes, and the header with a brace.
void require_model_inside(const Path& file) {
  char first[9] = {};
  std::ifstream(file, std::ios::binary).read(first, sizeof first);
  if (first[8] == '{') return;
  throw ArgumentError({file.string(), "this file is no model", "a .safetensors file, or " + default_models_text(),
                       is_image_name(file) ? "a photo" : "", "give a file of a run, e.g. run/model.safetensors"});
}

}  // namespace

std::string default_models_text() {
  std::string text;
  for (const std::string_view name : default_model_names()) text += (text.empty() ? "" : " or ") + std::string(name);
  return text;
}

bool names_default_model(const Path& name) {
  const auto names = default_model_names();
  return std::find(names.begin(), names.end(), name.string()) != names.end() && !is_there(name);
}

/// It finds faces, and no points: a model to look at and to copy.
static bool names_detector(const Path& name) {
  return name == kDefaultDetector && !is_there(name);
}

bool names_model(const Path& name) {
  return is_model_file(name.string()) || names_default_model(name) || names_detector(name);
}

Model load_named_model(const Path& name) {
  if (name.empty()) return load_default_model();
  if (names_default_model(name) || names_detector(name)) return load_default_model(name.string());
  require_no_folder(name);
  if (!is_model_file(name.string())) {
    if (!is_there(name)) refuse_unknown(name, "there is no such model", "");
    require_model_inside(name);
  }
  Checkpoint checkpoint = load_checkpoint(name);
  if (checkpoint.state && checkpoint.state->epoch == 0)
    say("note: " + name.string() +
        ": no epoch of its training is done yet; it is the network that training began with");
  return std::move(checkpoint.model);
}

void require_points(const Path& name, const Model& model) {
  const Port& output = model.network.outputs().front();
  if (!(output.shape == Shape{model.scheme.values()}))
    throw ArgumentError({shown_name(name), "its first output is not the points of a face",
                         std::to_string(model.scheme.values()) + " values", to_string(output.shape),
                         "give a model that training on faces has made"});
}

void require_detector(const Path& name, const Model& model) {
  const std::vector<Port>& outputs = model.network.outputs();
  if (!std::equal(outputs.begin(), outputs.end(), kCellOutputs.begin(), kCellOutputs.end(),
                  [](const Port& output, std::string_view wanted) { return output.name == wanted; }))
    throw ArgumentError({name.string(), "it is no detector of faces", "outputs cells8, cells16 and cells32",
                         names_of(outputs), "leave --detector out: there is one in the program"});
}

std::string shown_name(const Path& name) {
  return name.empty() ? std::string(kDefaultModel) : name.string();
}

void say_default_model(const Path& name, const std::string& trained_on) {
  if (name.empty()) say("model: " + shown_name(name) + ", trained on " + trained_on);
}

void warn_of_found_boxes(const Model& model) {
  const std::string options = model.metadata.contains("options") ? model.metadata.at("options") : "";
  const auto json = nlohmann::json::parse(options, nullptr, false);
  const std::string box = json.is_object() ? json.value("box", "points") : "points";
  if (box != "points")
    say("warning: the model was trained with --box " + box +
        ": the boxes of faces that are found are others, and its points may be far off");
  else if (model.scheme.name != ibug_68().name && !model.found_box)
    say("warning: the model's points are those of the scheme " + model.scheme.name +
        ", and how their boxes lie in those of faces that are found is not known: they may be far off; give --box");
}

void sort_out(Path& model, std::vector<Path>& images) {
  if (!model.empty() && !names_model(model)) {
    if (is_run_folder(model)) require_no_folder(model);
    // A misspelt model, rather than a photo: with another model than the one meant, results would look as good.
    if (!is_there(model) && !is_image_name(model) && !is_stream(model) && !model.string().starts_with('@'))
      refuse_unknown(model, "there is neither a photo nor a model of this name", "a photo, ");
    images.insert(images.begin(), model);
    model.clear();
  }
  if (images.empty())
    throw ArgumentError({"predict", "a photo is missing", "IMAGE, a file or a folder",
                         model.empty() ? "none" : "the model " + model.string() + " alone",
                         "see 'lineament predict --help'"});
}

}  // namespace lineament::cli
