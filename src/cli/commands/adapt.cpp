#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/invocation.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/output_files.hpp"
#include "cli/recipes.hpp"
#include "cli/training.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/model/model.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

struct AdaptOptions {
  TrainOptions train;  ///< those that are not asked for are the recipe's
  ReadingOptions reading;
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
  c.add_option(
       "--steps", o.steps,
       "About so many steps of 64 faces, in passes over the photos of 20 steps or more: more take longer, and with few "
       "photos may be worse")
      ->check(whole(1, 1000000))
      ->capture_default_str();
  c.add_option("--val-split", o.train.val_split,
               "Share of the photos that the model is measured on, and not trained on")
      ->check(number(0, 0.9))
      ->capture_default_str();
  c.add_option("--limit", o.train.limit, "Train on so many of the other faces: how much do photos bring?")
      ->check(at_least(1));
  add_box_source(c, o.train.box);
  add_reading(c, o.reading);
  add_seed(c, o.train.seed, "Same seed, same bits");
  add_threads(c, o.train.threads);
  c.add_flag("--resume", o.train.resume, "Go on after a stop, with the same options");
  c.callback([&c, &o] {
    for (const CLI::Option* option : c.get_options())
      if (option->count() > 0) o.train.given.push_back(option->get_single_name());
  });
}

/// The folder of the run, beside the model: "mine-run" for mine.safetensors.
Path run_folder_of(const Path& model) {
  return model.parent_path() / (model.stem().string() + "-run");
}

/// Faces of the held-out photos. The adapted model has the crop of the one that it began with.
FaceStore load_held_out(const Model& model, const AdaptOptions& o, const std::vector<Face>& faces) {
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.train.box);
  store.threads = o.train.threads;
  store.scheme = model.scheme;
  store.limits = decode_limits(o.train.max_megapixels);
  return load_faces(faces, store);
}

double error_of(const Model& model, int threads, const FaceStore& faces) {
  const auto measured = measure_faces(model.network, faces, {.inference = {.threads = threads}}, model.scheme);
  return evaluation_of(measured, model.scheme).nme_inter_ocular;
}

std::string resume_command(const AdaptOptions& o) {
  std::string command = "lineament adapt --resume";
  for (const Path& path : o.train.data) command += " --data " + shell_word(path.string());
  return command + " --out " + shell_word(o.out.string());
}

constexpr int kStepsOfEpoch = 20;

/// Few photos come several times in an epoch, each time augmented anew: epochs of 20 steps, whatever there is.
void set_copies(TrainOptions& t, std::size_t faces) {
  t.copies = static_cast<int>(std::ceil(kStepsOfEpoch * t.batch / std::max(1.0, static_cast<double>(faces))));
  t.given.emplace_back("copies");
}

void set_epochs(TrainOptions& t, std::size_t faces, int steps) {
  const double in_epoch = std::ceil(static_cast<double>(faces) * t.copies / t.batch);
  t.epochs = std::max(1, static_cast<int>(std::lround(steps / std::max(1.0, in_epoch))));
  t.given.emplace_back("epochs");
  if (const double taken = t.epochs * in_epoch; in_epoch > 1.5 * kStepsOfEpoch && taken > 1.5 * steps)
    say(text("note: one pass over %zu faces takes %.0f steps, more than --steps %d", faces, taken, steps));
}

/// What a run was begun with, for options that are not given now.
void take_stored(TrainOptions& t) {
  const Path last = t.out / "last.safetensors";
  std::error_code error;
  if (!std::filesystem::exists(last, error)) return;  // run_training() says what is wrong
  if (const Checkpoint run = load_checkpoint(last); run.state) restore_settings(t, run.state->settings, last);
}

void compare(const AdaptOptions& o, const Model& before, const Model& after, const std::vector<Face>& held_out) {
  if (held_out.empty())
    return say(std::string("note: no photo was held out: nobody knows whether the model has become better; ") +
               (o.train.val_split > 0 ? "it takes more photos, and a_1.jpg and a_2.jpg count as one"
                                      : "--val-split 0.1 tells"));
  const FaceStore faces = load_held_out(before, o, held_out);
  const double was = error_of(before, o.train.threads, faces), is = error_of(after, o.train.threads, faces);
  say(counted(held_out.size(), "face") +
      text(" not trained on: NME %.2f %% before, %.2f %% after the epoch that was best on them", was, is));
  constexpr std::size_t kFew = 20;
  if (held_out.size() < kFew) say("note: so few faces say little; --val-split 0.3 holds out more");
  if (is > was)
    say("warning: the model has not become better on them; are the points of all photos in the same places? The "
        "report shows the worst faces");
}

int adapt(AdaptOptions& o) {
  Ranks alone;
  if (alone.others() != nullptr)
    throw ArgumentError({"adapt", "it is for one process", "no mpirun", "several ranks",
                         "call it alone, or train with 'lineament train --recipe adapt'"});
  require_model_name(o.out);
  if (!o.train.resume) require_not_there(o.out);
  TrainOptions& t = o.train;
  t.out = run_folder_of(o.out);
  t.missing = o.reading.missing, t.group = o.reading.group, t.max_megapixels = o.reading.max_megapixels;
  t.resume_with = resume_command(o);
  const bool steps_given = t.has("steps");
  if (t.resume) {
    take_stored(t);
  } else {
    t.recipe = "adapt";
    apply_recipe(t);
    t.recipe.clear();
  }
  const Model before = load_named_model(t.from);
  if (!t.resume && t.heatmap_term > 0 && !has_output(before.network, kHeatmapsOutput)) {
    say("note: the model has no heat maps: it is trained without their part of the loss");
    t.heatmap_term = 0;
  }
  const Dataset data = read_photos(t, before.scheme);
  const Split split = split_by_photo(data.faces, t.val_split, t.seed);
  const std::size_t all = split.train.size(), faces = t.limit > 0 ? std::min<std::size_t>(all, t.limit) : all;
  if (!t.resume) set_copies(t, faces);
  if (!t.resume || steps_given) set_epochs(t, faces, o.steps);
  if (const int code = run_training(t, alone, &data); code != 0) return code;
  const Model after = load_model(t.out / "model.safetensors");
  save_model(o.out, after);
  std::vector<Face> held_out;
  for (const std::size_t i : split.held_out) held_out.push_back(data.faces[i]);
  compare(o, before, after, held_out);
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
