#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/recipes.hpp"
#include "cli/training.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/model/model.hpp"

namespace lineament::cli {
namespace {

struct AdaptOptions {
  TrainOptions train;  ///< those that are not asked for are the recipe's
  Path out;
  int steps = 240;
};

void add_options(CLI::App& c, AdaptOptions& o) {
  c.add_option("--data", o.train.data, "Your photos with points: a folder or a list, as for training")
      ->type_name("FOLDER")
      ->required();
  c.add_option("--out", o.out, "The model to write")->type_name("FILE")->required();
  c.add_option("--from", o.train.from, "The model to start from (default: compact, a part of the program)")
      ->type_name("MODEL");
  c.add_option("--steps", o.steps, "Steps of 64 faces: more take longer, and with few photos may be worse")
      ->check(whole(1, 1000000))
      ->capture_default_str();
  c.add_option("--val-split", o.train.val_split,
               "Share of the photos that the model is measured on, and not trained on")
      ->check(number(0, 0.9))
      ->capture_default_str();
  c.add_option("--limit", o.train.limit, "Train on so many of the other faces: how much do photos bring?")
      ->check(at_least(1));
  add_box_source(c, o.train.box);
  add_seed(c, o.train.seed, "Same seed, same bits");
  add_threads(c, o.train.threads);
  c.add_flag("--resume", o.train.resume, "Go on after a stop");
}

/// The folder of the run, beside the model: "mine-run" for mine.safetensors.
Path run_folder_of(const Path& model) {
  return model.parent_path() / (model.stem().string() + "-run");
}

/// Faces of the held-out photos, under the model's own crop.
double error_of(const Model& model, const AdaptOptions& o, const std::vector<Face>& faces) {
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.train.box);
  store.threads = o.train.threads;
  store.scheme = model.scheme;
  const FaceStore held_out = load_faces(faces, store);
  const auto measured =
      measure_faces(model.network, held_out, {.inference = {.threads = o.train.threads}}, model.scheme);
  return evaluation_of(measured, model.scheme).nme_inter_ocular;
}

int adapt(AdaptOptions& o) {
  TrainOptions& t = o.train;
  if (o.out.extension() != ".safetensors")
    throw ArgumentError(
        {"--out", "models are .safetensors files", "a name such as mine.safetensors", o.out.string(), ""});
  t.out = run_folder_of(o.out);
  t.recipe = "adapt";
  for (const char* given : {"data", "val-split", "box", "seed"}) t.given.emplace_back(given);
  if (!t.from.empty()) t.given.emplace_back("from");
  if (t.limit > 0) t.given.emplace_back("limit");
  apply_recipe(t);
  t.recipe.clear();

  const Model before = load_named_model(t.from);
  const Dataset data = read_datasets(t.data, {.part = Part::train, .scheme = before.scheme});
  const Split split = split_by_photo(data.faces, t.val_split, t.seed);
  const std::size_t all = split.train.size(), faces = t.limit > 0 ? std::min<std::size_t>(all, t.limit) : all;
  // Few photos come several times in an epoch, each time augmented anew: epochs of 20 steps, whatever there is.
  constexpr int kStepsOfEpoch = 20;
  const double copies = std::ceil(kStepsOfEpoch * t.batch / std::max(1.0, static_cast<double>(faces)));
  t.copies = static_cast<int>(copies);
  const double steps = std::max(1.0, std::ceil(copies * static_cast<double>(faces) / t.batch));
  t.epochs = std::max(1, static_cast<int>(std::lround(o.steps / steps)));
  for (const char* given : {"copies", "epochs"}) t.given.emplace_back(given);

  if (const int code = run_training(t); code != 0) return code;
  const Model after = load_model(t.out / "model.safetensors");
  save_model(o.out, after);
  if (!split.held_out.empty()) {
    std::vector<Face> held_out;
    for (const std::size_t i : split.held_out) held_out.push_back(data.faces[i]);
    const double was = error_of(before, o, held_out), is = error_of(after, o, held_out);
    say(text("%s that were not trained on: NME %.2f %% before, %.2f %% now", counted(held_out.size(), "face").c_str(),
             was, is));
    constexpr std::size_t kFew = 20;
    if (held_out.size() < kFew) say("note: so few faces say little; --val-split 0.3 holds out more");
    if (is > was)
      say("warning: the model has not become better: see the worst faces in the report: are points in the same places "
          "on all photos?");
  }
  say("adapted: " + o.out.string());
  return 0;
}

}  // namespace

Command adapt_command() {
  const auto o = std::make_shared<AdaptOptions>();
  return {
      .name = "adapt",
      .about = "Make the program's model better on photos like yours",
      .footer =
          "Starts from a trained model and goes on with your photos: with a hundred, some minutes. Some photos are\n"
          "held out, and the error on them is printed, before and after. MODEL-run holds the report.\n"
          "Examples:\n"
          "  lineament adapt --data my_photos --out mine.safetensors\n"
          "  lineament predict mine.safetensors photo.jpg --overlay out",
      .options = [o](CLI::App& c) { add_options(c, *o); },
      .run = [o] { return adapt(*o); }};
}

}  // namespace lineament::cli
