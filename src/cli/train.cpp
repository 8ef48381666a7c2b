#include <algorithm>
#include <optional>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/networks.hpp"
#include "cli/report.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_log.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/kernels/isa.hpp"
#include "lineament/kernels/threads.hpp"
#include "lineament/landmarker/overlay.hpp"
#include "lineament/model/model.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"

namespace lineament::cli {
namespace {

FitOptions fit_options(const TrainOptions& o) {
  FitOptions f;
  f.epochs = o.epochs;
  f.batch_size = o.batch;
  f.copies = o.copies;
  f.augmented = o.augment != "none";
  f.loss = loss_by_name(o.loss);
  f.optimizer = optimizer_by_name(o.optimizer);
  if (o.weight_decay >= 0) f.optimizer.weight_decay = o.weight_decay;
  f.schedule.kind = schedule_by_name(o.schedule).kind;
  f.schedule.rate = static_cast<float>(o.lr);
  f.clip_norm = o.clip;
  f.patience = o.patience;
  f.seed = o.seed;
  f.threads = o.threads;
  return f;
}

void say_epoch(const EpochReport& r, int epochs) {
  std::string line = text("epoch %3zu/%d  loss %.5f  train NME %5.2f %%  PCK %.3f", r.epoch, epochs, r.loss, 100 * r.nme, r.accuracy);
  if (r.validation) line += text("  held out NME %5.2f %%  PCK %.3f", r.validation->nme_inter_ocular, r.validation->pck);
  say(line + text("  %.0f images/s%s", r.images_per_second, r.best ? "  best" : ""));
}

/// The face's crop, enlarged, with true and predicted points.
Image picture_of(const FaceStore& faces, std::size_t i, const std::vector<float>& values) {
  constexpr int kSide = 220;
  Preprocessing large = faces.preprocessing();
  large.size = kSide;
  const Affine to_image = crop_to_image(faces.box(i), large);
  Image picture = warp(faces.image(i), to_image, kSide, kSide);
  const Affine to_picture = to_image.inverse();
  Landmarks truth = faces.points(i);
  for (Point& p : truth) p = to_picture(p);
  draw_landmarks(picture, truth, {.points = kTruthColor, .radius = 1.6f, .draw_lines = false});
  draw_landmarks(picture, values_to_crop_points(values, kSide), {.radius = 1.6f, .draw_lines = false});
  return picture;
}

void add_pictures(Report& report, const FaceStore& faces, const std::vector<std::vector<float>>& predictions) {
  constexpr std::size_t kShown = 12;
  const std::vector<double>& errors = report.held_out->errors;
  std::vector<std::size_t> order(errors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return errors[a] < errors[b]; });
  const auto add = [&](std::vector<ReportFace>& list, std::size_t i) {
    list.push_back({Path(faces.name(i)).filename().string(), errors[i], picture_of(faces, i, predictions[i])});
  };
  for (std::size_t k = 0; k < std::min(kShown, order.size()); ++k) {
    add(report.best, order[k]);
    add(report.worst, order[order.size() - 1 - k]);
  }
}

void write_report(const TrainOptions& o, const Sets& sets, const std::vector<EpochReport>& epochs, const Model& best) {
  Report report;
  report.title = "Training of the network '" + o.network + "'";
  report.epochs = epochs;
  const FaceStore& judged = sets.held_out ? *sets.held_out : sets.train;
  std::vector<std::vector<float>> predictions(judged.size());
  report.held_out = lineament::evaluate(best.network, judged, o.threads, [&](std::size_t i, std::span<const float> values) {
    predictions[i].assign(values.begin(), values.end());
  });
  report.held_out_name = text("%zu %s faces", judged.size(), sets.held_out ? "held-out" : "training");
  add_pictures(report, judged, predictions);
  report.facts = {{"trained on", sets.about},
                  {"network", text("%s: %.2f M weights, %.2f M multiply-adds", o.network.c_str(), static_cast<double>(best.network.weight_count()) / 1e6,
                                   static_cast<double>(best.network.multiply_adds()) / 1e6)},
                  {"loss", o.loss},
                  {"optimizer", o.optimizer + text(", learning rate %g, %s, batch %d", o.lr, o.schedule.c_str(), o.batch)},
                  {"augmentation", o.augment + text(", %d cop%s of each face in an epoch", o.copies, o.copies == 1 ? "y" : "ies")},
                  {"box", o.box + text(", margin %.2f", o.margin)},
                  {"seed", std::to_string(o.seed)},
                  {"instruction set", current_isa()}};
  write_file(o.out / "report.html", std::string_view(report_html(report)));
}

class Run {
 public:
  explicit Run(TrainOptions options) : o_(std::move(options)) {}

  int go() {
    if (!o_.resume) check_options();
    if (!o_.resume) {
      Model model = new_model();
      return go_on(RunFolder(o_.out, false), std::move(model), {.settings = settings_of(o_)});
    }
    const RunFolder folder(o_.out, true);
    Checkpoint checkpoint = load_checkpoint(folder.last());
    if (!checkpoint.state) throw ModelError({folder.last().string(), "it holds no state of training", "", "", "start a new run"});
    restore_settings(o_, checkpoint.state->settings, folder.last());
    check_options();
    log_ = read_log(folder.log(), checkpoint.state->epoch);
    return go_on(folder, std::move(checkpoint.model), *checkpoint.state);
  }

 private:
  int go_on(const RunFolder& folder, Model model, const TrainingState& state) {
    const Sets sets = load_sets(o_, model.preprocessing);
    check_batch(sets);
    if (!o_.resume) model.trained_on = sets.about;
    const int threads = Threads(o_.threads).count();
    say(text("training on %zu faces", sets.train.size()) + (sets.held_out ? text(", %zu held out", sets.held_out->size()) : ", none held out") +
        text("; %d thread%s, %s", threads, threads == 1 ? "" : "s", current_isa().c_str()));
    if (o_.resume) say_resumed(model, state, sets);
    // A kill in the first epoch, too, leaves something to resume; and a disk too small says so now.
    else save_checkpoint(folder.last(), model, state);
    say_when_interrupted("stopped; 'lineament train --resume --out " + o_.out.string() + "' goes on after the last whole epoch");
    train(folder, model, sets, state);
    write_report(o_, sets, log_, load_model(folder.model()));
    say("model:  " + folder.model().string());
    say("report: " + folder.report().string());
    return 0;
  }

  void check_batch(const Sets& sets) const {
    const std::size_t samples = sets.train.size() * static_cast<std::size_t>(o_.copies);
    if (static_cast<std::size_t>(o_.batch) <= samples) return;
    throw ArgumentError({"--batch", "one step takes more faces than an epoch has", text("at most %zu", samples), std::to_string(o_.batch),
                         text("use --batch %zu, more faces or more --copies", samples)});
  }

  void say_resumed(const Model& model, const TrainingState& state, const Sets& sets) const {
    if (state.epoch >= static_cast<std::size_t>(o_.epochs)) say(text("all %d epochs are done; the report is written anew", o_.epochs));
    else say(text("going on after epoch %zu of %d", state.epoch, o_.epochs));
    if (!model.trained_on.starts_with(std::to_string(sets.train.size()) + " ") && o_.synthetic == 0)
      say("note: the data has changed: the run was begun with " + model.trained_on + "; its result will be another than without the stop");
  }

  void check_options() const {
    if (o_.data.empty() == (o_.synthetic == 0))
      throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N", o_.data.empty() ? "neither" : "both",
                           o_.data.empty() ? "add --synthetic 4000 to train on drawn faces" : "leave one of them out"});
    augment_level(o_.augment);
    box_source(o_.box);
    fit_options(o_);
  }

  Model new_model() const {
    const SpecFile file = network_by_name(o_.network);
    Model model;
    model.network = Network(file.spec, file.input, o_.seed);
    if (file.input.rank() != 3 || file.input[0] != file.input[1] || file.input[2] != 3 || !(model.network.output_shape() == Shape{kValues}))
      throw SpecError({o_.network, "not a network for face landmarks", "a square picture of 3 channels in, 136 values out",
                       to_string(file.input) + " in, " + to_string(model.network.output_shape()) + " out", ""});
    model.preprocessing = {.size = file.input[0], .margin = static_cast<float>(o_.margin)};
    return model;
  }

  void train(const RunFolder& folder, Model& model, const Sets& sets, const TrainingState& state) {
    const FitOptions options = fit_options(o_);
    Progress progress("training");
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport& s) { show_step(progress, s, sets.train.size()); };
    callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState& now) {
      progress.clear();
      say_epoch(r, o_.epochs);
      log_.push_back(r);
      // In this order a kill at any moment loses nothing: the checkpoint, written last, says which epochs count.
      if (r.best) save_model(folder.model(), model);
      write_log(folder.log(), log_);
      TrainingState with_settings = now;
      with_settings.settings = state.settings;
      save_checkpoint(folder.last(), model, with_settings);
      return true;
    };
    const FitResult result = fit(model.network, sets.train, sets.held_out ? &*sets.held_out : nullptr, options, callbacks,
                                 state.epoch > 0 ? &state : nullptr);
    progress.clear();
    say(text("best: epoch %zu, %s NME %.2f %%", result.best_epoch, sets.held_out ? "held out" : "training", 100 * result.best));
  }

  void show_step(Progress& progress, const StepReport& s, std::size_t faces) const {
    const double epochs_left = o_.epochs - static_cast<double>(s.epoch) + 1 - static_cast<double>(s.batch) / static_cast<double>(s.batches);
    const double images_left = epochs_left * static_cast<double>(faces) * o_.copies;
    progress.rename(text("epoch %zu/%d", s.epoch, o_.epochs));
    progress.update(s.batch, s.batches,
                    text("loss %.4f  accuracy %.3f  %.0f images/s  %s left", s.loss, s.accuracy,
                         s.images_per_second, clock_text(images_left / s.images_per_second).c_str()));
  }

  TrainOptions o_;
  std::vector<EpochReport> log_;
};

}  // namespace

int train(TrainOptions options) { return Run(std::move(options)).go(); }

}  // namespace lineament::cli
