#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/invocation.hpp"
#include "cli/json_text.hpp"
#include "cli/known_photos.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "cli/recipes.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_log.hpp"
#include "cli/run_report.hpp"
#include "cli/train_options.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fine_tune.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/version.hpp"

namespace lineament::cli {
namespace {

/// Networks of one output keep to the loss of one output: bits of older runs stay as they were.
void set_loss(FitOptions& f, const TrainOptions& o, const Network& network, const Scheme& scheme) {
  require_face_loss(o.loss, scheme);
  if (network.outputs().size() == 1 && !needs_spread(o.loss) && o.heatmap_term == 0)
    f.loss = loss_by_name(o.loss, face_losses(scheme));
  else
    f.joint_loss = joint_face_loss(o.loss, network, {o.coarse_term, o.heatmap_term}, scheme);
}

FitOptions fit_options(const TrainOptions& o, const Scheme& scheme) {
  FitOptions f;
  f.epochs = o.epochs;
  f.batch_size = o.batch;
  f.copies = o.copies;
  f.augmented = o.augment != "none";
  f.metric = face_metric(scheme);
  f.optimizer = optimizer_by_name(o.optimizer);
  if (o.weight_decay >= 0) f.optimizer.weight_decay = o.weight_decay;
  f.optimizer.beta2 = o.beta2;
  f.schedule.kind = schedule_by_name(o.schedule).kind;
  f.schedule.rate = static_cast<float>(o.lr);
  f.clip_norm = o.clip;
  f.ema = o.ema;
  f.patience = o.patience;
  f.frozen = o.freeze;
  f.precision = precision_by_name(o.precision);
  f.seed = o.seed;
  f.threads = o.threads;
  return f;
}

void say_epoch(const EpochReport& r, int epochs) {
  std::string line = text("epoch %3zu/%d  loss %.5f  train NME %5.2f %%  PCK %.3f", r.epoch, epochs, r.train.loss,
                          r.train.metric(kNme), r.train.metric(kPck));
  if (r.validation)
    line += text("  held out NME %5.2f %%  PCK %.3f", r.validation->metric(kNme), r.validation->metric(kPck));
  say(line + text("  %.0f images/s%s", r.images_per_second, r.best ? "  best" : ""));
}

class Run {
 public:
  explicit Run(TrainOptions options) : o_(std::move(options)) {}

  int go() {
    // A recipe's drawn faces are left out by --mix 0.
    if (!o_.data.empty() && o_.mix == 0 && o_.has("mix")) o_.synthetic = 0;
    if (!o_.resume) check_options();
    if (!o_.resume) {
      Model model = new_model();
      return go_on(RunFolder(o_.out, false), std::move(model), {});
    }
    const RunFolder folder(o_.out, true);
    Checkpoint checkpoint = load_checkpoint(folder.last());
    if (!checkpoint.state)
      throw ModelError({folder.last().string(), "it holds no state of training", "", "", "start a new run"});
    restore(*checkpoint.state, folder.last());
    check_options();
    log_ = read_log(folder.log(), checkpoint.state->epoch);
    return go_on(folder, std::move(checkpoint.model), *checkpoint.state);
  }

 private:
  void restore(TrainingState& state, const Path& file) {
    TrainOptions begun;
    restore_settings(begun, state.settings, file);
    restore_settings(o_, state.settings, file);
    begun_epochs_ = begun.epochs;
    if (o_.epochs < 0 || static_cast<std::size_t>(o_.epochs) < state.epoch)
      throw ArgumentError({"--epochs", "the run that is resumed has done more already, " + file.string(),
                           text("%zu or more", state.epoch), std::to_string(o_.epochs),
                           "leave the option out, or start a new run in another folder"});
    if (state.best_epoch == 0 || !state.best_of.empty()) return;
    state.best *= 100;  // a run of an older version has the NME as a fraction
    state.best_of = kNme;
  }

  int go_on(const RunFolder& folder, Model model, TrainingState state) {
    const Sets sets = load_sets(o_, model.preprocessing, model.scheme);
    check_batch(sets);
    if (!o_.resume) {
      model.trained_on = sets.about + begun_with_;
      model.metadata["version"] = version();
      model.metadata["command"] = utf8(command_line());
      model.metadata["date"] = date_text();
      model.metadata["options"] = without_paths(settings_of(o_));
    }
    warn_of_trained(model, sets, o_);
    note_photos(model, sets);
    const int threads = Threads(o_.threads).count();
    say("training on " + counted(sets.train.size(), "face") +
        (sets.drawn ? " and " + counted(sets.drawn->size(), "drawn face") : "") +
        (sets.held_out ? text(", %zu held out", sets.held_out->size()) : ", none held out") + "; " +
        counted(static_cast<std::size_t>(threads), "thread") + ", " + current_isa());
    for (const std::string& note : notes_) say(note);
    if (o_.precision == "bf16") say_precision(model.network);
    if (o_.resume) say_resumed(state);
    // A kill in the first epoch, too, leaves something to resume, with these settings; and a disk too small says so
    // now.
    const std::string settings = settings_of(o_);
    if (!o_.resume || (o_.has("epochs") && settings != state.settings)) {
      state.settings = settings;
      save_checkpoint(folder.last(), model, state);
    }
    say_when_interrupted("stopped; 'lineament train --resume --out " + o_.out.string() +
                         "' goes on after the last whole epoch");
    try {
      train(folder, model, sets, state);
    } catch (const TrainingError& e) {  // the epochs before it are worth a report
      if (!log_.empty()) finish(folder, sets);
      Problem problem = e.problem();
      problem.what += "; this epoch is not saved";
      problem.fix =
          text("start a new run with a lower --lr: this one has %g, the default is %g", o_.lr, TrainOptions{}.lr);
      throw TrainingError(problem);
    }
    finish(folder, sets);
    return 0;
  }

  /// Nobody should believe in a faster run that is none.
  void say_precision(Network& network) const {
    const std::vector<PlannedOp> plan = TrainingSession(network, {.precision = Precision::bf16}).plan();
    const auto in_bf16 = std::count_if(plan.begin(), plan.end(),
                                       [](const PlannedOp& op) { return op.kernel.find("bf16") != std::string::npos; });
    if (in_bf16 > 0)
      say("bf16: " + counted(static_cast<std::size_t>(in_bf16), "1x1 convolution"));
    else
      say(std::string("note: bf16 changes nothing here: ") + (has_bf16_products()
                                                                  ? "the network has no 1x1 convolution that it suits"
                                                                  : "this processor does not multiply it"));
  }

  void finish(const RunFolder& folder, const Sets& sets) const {
    write_file(folder.report(), std::string_view(report_html(run_report(o_, sets, log_, load_model(folder.model())))));
    say("model:  " + folder.model().string());
    say("report: " + folder.report().string());
  }

  void check_batch(const Sets& sets) const {
    const std::size_t samples = sets.train.size() * static_cast<std::size_t>(o_.copies);
    if (static_cast<std::size_t>(o_.batch) <= samples) return;
    throw ArgumentError({"--batch", "one step takes more faces than an epoch has", text("at most %zu", samples),
                         std::to_string(o_.batch), text("use --batch %zu, more faces or more --copies", samples)});
  }

  void say_resumed(const TrainingState& state) const {
    if (o_.patience > 0 && state.epoch - state.best_epoch >= static_cast<std::size_t>(o_.patience)) {
      say(
          text("the run ended after epoch %zu, without a new best for %d epochs; the report is written anew. To train "
               "on, add --patience 0, or a larger number",
               state.epoch, o_.patience));
      return;
    }
    if (state.epoch >= static_cast<std::size_t>(o_.epochs))
      say(text("all %d epochs are done; the report is written anew", o_.epochs));
    else
      say(text("going on after epoch %zu of %d", state.epoch, o_.epochs));
    if (o_.epochs != begun_epochs_)
      say(text(
          "the run was begun for %d epochs: from here on its learning rate follows the schedule of the %s run of %d",
          begun_epochs_, o_.epochs > begun_epochs_ ? "longer" : "shorter", o_.epochs));
  }

  void check_options() const {
    const bool photos = !o_.data.empty(), drawn = o_.synthetic > 0, mixed = o_.mix > 0;
    if (!photos && !drawn)
      throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N", "neither",
                           "add --synthetic 4000 to train on drawn faces"});
    if (photos && drawn && !mixed)
      throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N", "both",
                           "leave one of them out, or add --mix 0.5, the share of drawn faces in each batch"});
    if (mixed && !(photos && drawn))
      throw ArgumentError({"--mix", "there are not two kinds of faces to mix", "--data DIR and --synthetic N",
                           photos ? "--data alone" : "--synthetic alone",
                           photos ? "give --synthetic N, or --mix 0"
                                  : "give --data DIR, or --mix 0; the recipe drawn is for drawn faces alone"});
    if (mixed && std::round(o_.mix * o_.batch) < 1)
      throw ArgumentError({"--mix", "it is no whole face of a batch", "a share of at least one face",
                           text("%g of %d", o_.mix, o_.batch), "take a larger share or batch"});
    if (o_.mix_until.size() != 2 || o_.mix_until[0] > o_.mix_until[1])
      throw ArgumentError({"--mix-until", "it is not when the share begins to fall and when it is 0",
                           "two shares of the run, e.g. 0.6,0.8", json_text(nlohmann::ordered_json(o_.mix_until)), ""});
    if (!o_.backgrounds.empty() && !drawn)
      throw ArgumentError({"--backgrounds", "they are put behind drawn faces", "--synthetic N", "--data DIR", ""});
    require_face_loss(o_.loss);
    augment_level(o_.augment);
    box_source(o_.box);
    fit_options(o_, ibug_68());
  }

  Model new_model() {
    std::optional<Model> from;
    if (!o_.from.empty()) from = base_model();
    const Scheme scheme = from && !o_.has("scheme") ? from->scheme : scheme_by_name(o_.scheme);
    const SpecFile file = from && !o_.has("network") ? SpecFile{from->network.spec(), from->network.input_shape()}
                                                     : network_by_name(o_.network, scheme.values());
    Model model;
    model.scheme = scheme;
    model.network = Network(file.spec, file.input, o_.seed);
    if (from) take_over(*from, model);
    if (file.input.rank() != 3 || file.input[0] != file.input[1] || file.input[2] != 3 ||
        !(model.network.outputs().front().shape == Shape{scheme.values()}))
      throw SpecError({o_.network, "not a network for face landmarks",
                       text("a square image of 3 channels in, %d values out", scheme.values()),
                       to_string(file.input) + " in, " + to_string(model.network.outputs().front().shape) + " out",
                       ""});
    if (!o_.has("loss") && has_output(model.network, kSpreadOutput)) o_.loss = "laplace";
    FitOptions unused;
    set_loss(unused, o_, model.network, scheme);  // throws for a loss that is not for this network
    model.preprocessing = {.size = file.input[0], .margin = static_cast<float>(o_.margin)};
    note_frozen(model.network);
    return model;
  }

  /// The model of --from. What the command line leaves open is as it was there.
  Model base_model() {
    Model from = load_named_model(o_.from);
    if (!o_.has("network")) o_.network = o_.from.string();
    const float margin = from.preprocessing.margin;
    if (!o_.has("margin") && margin != static_cast<float>(o_.margin)) o_.margin = static_cast<double>(margin);
    begun_with_ = ", begun with a model trained on " + from.trained_on;
    return from;
  }

  void take_over(const Model& from, Model& model) {
    const TakenWeights weights = take_weights(model.network, from.network);
    if (scheme_to_json(from.scheme) != scheme_to_json(model.scheme))
      notes_.push_back("note: the points of " + o_.from.string() + " are of the scheme " + from.scheme.name +
                       ", those of this run of " + model.scheme.name + ", which differs");
    model.trained_photos = from.trained_photos;  // their faces are in the weights
    model.held_out_photos = from.held_out_photos;
    model.metadata = from.metadata;
    std::string line = "weights of " + counted(weights.taken.size(), "layer") + " taken from " + o_.from.string();
    if (!weights.fresh.empty()) line += "; new: ";
    for (const std::string& layer : weights.fresh) line += (&layer == &weights.fresh.front() ? "" : ", ") + layer;
    notes_.push_back(line);
  }

  void note_frozen(const Network& network) {
    if (o_.freeze.empty()) return;
    std::size_t frozen = 0;
    for (const ParamInfo& p : params_named(network, o_.freeze)) frozen += p.trainable ? p.size : 0;
    if (frozen == network.weight_count())
      throw ArgumentError({"--freeze", "there is nothing left to train", "a layer that is not frozen", "none", ""});
    notes_.push_back(text("frozen: %zu of %zu weights", frozen, network.weight_count()));
  }

  void train(const RunFolder& folder, Model& model, const Sets& sets, const TrainingState& state) {
    FitOptions options = fit_options(o_, model.scheme);
    set_loss(options, o_, model.network, model.scheme);
    if (sets.drawn) options.mix = {&*sets.drawn, o_.mix, o_.mix_until[0], o_.mix_until[1]};
    Progress progress("training");
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport& s) {
      show_step(progress, s);
      return true;
    };
    callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState& now) {
      progress.clear();
      say_epoch(r, o_.epochs);
      log_.push_back(r);
      // In this order a kill at any moment loses nothing: the checkpoint, written last, says which epochs count.
      model.ranges = calibrate(model.network, sets.train, o_.threads);
      if (r.best) save_model(folder.model(), model);
      write_log(folder.log(), log_);
      TrainingState with_settings = now;
      with_settings.settings = state.settings;
      save_checkpoint(folder.last(), model, with_settings);
      return true;
    };
    const FitResult result = fit(model.network, sets.train, sets.held_out ? &*sets.held_out : nullptr, options,
                                 callbacks, state.epoch > 0 ? &state : nullptr);
    progress.clear();
    say(text("best: epoch %zu, %s NME %.2f %%", result.best_epoch, sets.held_out ? "held out" : "training",
             result.best));
  }

  void show_step(Progress& progress, const StepReport& s) const {
    const double epochs_left =
        o_.epochs - static_cast<double>(s.epoch) + 1 - static_cast<double>(s.batch) / static_cast<double>(s.batches);
    const double images_left = epochs_left * static_cast<double>(s.batches) * o_.batch;
    progress.rename(text("epoch %zu/%d", s.epoch, o_.epochs));
    progress.update(s.batch, s.batches,
                    text("loss %.4f  PCK %.3f  %.0f images/s  %s left", s.train.loss, s.train.metric(kPck),
                         s.images_per_second, clock_text(images_left / s.images_per_second).c_str()));
  }

  TrainOptions o_;
  std::string begun_with_;          ///< of --from: what its model was trained on
  std::vector<std::string> notes_;  ///< to be said once it is certain that there will be a run
  int begun_epochs_ = 0;            ///< of a resumed run
  std::vector<EpochReport> log_;
};

}  // namespace

Command train_command() {
  const auto o = std::make_shared<TrainOptions>();
  return {.name = "train",
          .about = "Train a network on annotated photos or on drawn faces",
          .footer =
              "Examples:\n"
              "  lineament train --synthetic 4000 --epochs 10 --out run        no data needed: faces are drawn\n"
              "  lineament train --data 300w --epochs 60 --out run             a folder with the layout of 300-W\n"
              "  lineament train --recipe compact --data 300w --out run         the options of a recipe\n"
              "  lineament train --resume --out run                            go on after a stop\n"
              "  lineament train --data mine --from run/model.safetensors --out tuned\n"
              "                                                                go on with other faces\n"
              "  lineament train --data mine --from compact --out tuned        the same from the program's own model\n"
              "RUN holds model.safetensors (best), last.safetensors (to resume), log.jsonl and report.html.",
          .options = [o](CLI::App& c) { add_train_options(c, *o); },
          .run =
              [o] {
                apply_recipe(*o);
                return Run(*o).go();
              }};
}

}  // namespace lineament::cli
