#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/spread_fit.hpp"
#include "cli/train_options.hpp"
#include "lineament/error.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {
namespace {

struct ExportOptions {
  Path model, out;
  std::string weights = "bf16";
  std::string trained_on;
  SpreadFit spread;
};

void add_options(CLI::App& c, ExportOptions& o) {
  c.add_option("MODEL", o.model, "A .safetensors file written by training")->required();
  c.add_option("--out", o.out, "The file to write")->type_name("FILE")->required();
  c.add_option("--weights", o.weights, "Numbers they are stored as: bf16, half the size, or fp32")
      ->capture_default_str()
      ->check(one_of({"bf16", "fp32"}));
  c.add_option("--trained-on", o.trained_on, "What it was trained on, in words, in place of what the file says")
      ->type_name("TEXT");
  add_spread_fit(c, o.spread);
}

/// The command line and the paths among the options are of the machine that it was trained on, and nobody else's
/// business.
void forget_machine(Model& model) {
  model.metadata.erase("command");
  const auto options = model.metadata.find("options");
  if (options == model.metadata.end()) return;
  try {
    options->second = without_files(options->second);
  } catch (const nlohmann::json::exception&) {  // of another program
    model.metadata.erase(options);
  }
}

int export_model(const ExportOptions& o) {
  require_model_name(o.out);
  require_not_there(o.out);
  if (!o.trained_on.empty() && o.trained_on.find_first_not_of(" \t\n") == std::string::npos)
    throw ArgumentError({"--trained-on", "it says nothing", "some words", "blanks", "leave it out"});
  Model model = load_named_model(o.model);
  forget_machine(model);
  if (!o.trained_on.empty()) model.trained_on = utf8(o.trained_on);
  if (!o.spread.data.empty()) fit_spread_to(model, o.spread);
  save_model(o.out, model, {.weights = o.weights == "bf16" ? Stored::bf16 : Stored::f32});
  say(text("model: %s, %.2f MB, trained on %s", o.out.string().c_str(),
           static_cast<double>(std::filesystem::file_size(o.out)) / 1e6, model.trained_on.c_str()));
  return 0;
}

}  // namespace

Command export_command() {
  const auto o = std::make_shared<ExportOptions>();
  return {
      .name = "export",
      .about = "Write a model as it is shipped: half the size, without the state of training",
      .footer =
          "The file is a model like any other: predict, evaluate and train --from read it. It does not say by "
          "which command it was trained. What on it says, with the folders' names: --trained-on says it otherwise.\n"
          "--calibrate sets right how far the model expects its points to be off: on photos unlike those that it "
          "was trained on it expects too little. The points stay what they are.\n"
          "Examples:\n"
          "  lineament export run/model.safetensors --out face.safetensors\n"
          "  lineament export run/last.safetensors --out last.safetensors --weights fp32\n"
          "  lineament export run/model.safetensors --out face.safetensors --calibrate photos",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return export_model(*o); }};
}

}  // namespace lineament::cli
