#include <algorithm>
#include <optional>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/networks.hpp"
#include "cli/report.hpp"
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

/// A clear message before hours of work, not after: the folder takes files, and they can be replaced.
void prepare_folder(const TrainOptions& o) {
  std::error_code error;
  std::filesystem::create_directories(o.out, error);
  if (error) throw FileError({o.out.string(), "the folder cannot be made", "", error.message(), "choose another folder with --out"});
  if (!o.resume && std::filesystem::exists(o.out / "last.safetensors"))
    throw ArgumentError({o.out.string(), "there is a run in this folder", "", "", "go on with it by --resume, or choose another folder with --out"});
  write_file(o.out / ".writable", std::string_view("test\n"));
  std::filesystem::remove(o.out / ".writable");
}

class Run {
 public:
  explicit Run(TrainOptions options) : o_(std::move(options)) {}

  int go() {
    if (!o_.resume) check_options();
    prepare_folder(o_);
    std::optional<Checkpoint> checkpoint;
    if (o_.resume) {
      checkpoint = load_checkpoint(o_.out / "last.safetensors");
      if (!checkpoint->state) throw ModelError({(o_.out / "last.safetensors").string(), "it holds no state of training", "", "", "start a new run"});
      restore_settings(o_, checkpoint->state->settings, o_.out / "last.safetensors");
      check_options();
      log_ = read_log(o_.out / "log.jsonl", checkpoint->state->epoch);
    }
    Model model = checkpoint ? std::move(checkpoint->model) : new_model();
    const Sets sets = load_sets(o_, model.preprocessing);
    model.trained_on = sets.about;
    say(text("training on %zu faces", sets.train.size()) + (sets.held_out ? text(", %zu held out", sets.held_out->size()) : "") +
        text("; %d threads, %s", Threads(o_.threads).count(), current_isa().c_str()));
    train(model, sets, checkpoint ? &*checkpoint->state : nullptr);
    write_report(o_, sets, log_, load_model(o_.out / "model.safetensors"));
    say("model:  " + (o_.out / "model.safetensors").string());
    say("report: " + (o_.out / "report.html").string());
    return 0;
  }

 private:
  void check_options() const {
    if (o_.data.empty() == (o_.synthetic == 0))
      throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N", o_.data.empty() ? "neither" : "both",
                           "add --synthetic 4000 to train on drawn faces"});
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

  void train(Model& model, const Sets& sets, const TrainingState* resume) {
    const FitOptions options = fit_options(o_);
    Progress progress("training");
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport& s) { show_step(progress, s, sets.train.size()); };
    callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState& state) {
      progress.clear();
      say_epoch(r, o_.epochs);
      log_.push_back(r);
      // In this order a kill at any moment loses nothing: the checkpoint, written last, says which epochs count.
      if (r.best) save_model(o_.out / "model.safetensors", model);
      write_log(o_.out / "log.jsonl", log_);
      TrainingState with_settings = state;
      with_settings.settings = settings_of(o_);
      save_checkpoint(o_.out / "last.safetensors", model, with_settings);
      return true;
    };
    const FitResult result = fit(model.network, sets.train, sets.held_out ? &*sets.held_out : nullptr, options, callbacks, resume);
    progress.clear();
    say(text("best: epoch %zu, %s NME %.2f %%", result.best_epoch, sets.held_out ? "held out" : "training", 100 * result.best));
  }

  void show_step(Progress& progress, const StepReport& s, std::size_t faces) const {
    const double epochs_left = o_.epochs - static_cast<double>(s.epoch) + 1 - static_cast<double>(s.batch) / static_cast<double>(s.batches);
    const double images_left = epochs_left * static_cast<double>(faces) * o_.copies;
    progress.update(s.batch, s.batches,
                    text("epoch %zu/%d  loss %.4f  accuracy %.3f  %.0f images/s  %s left", s.epoch, o_.epochs, s.loss, s.accuracy,
                         s.images_per_second, clock_text(images_left / s.images_per_second).c_str()));
  }

  TrainOptions o_;
  std::vector<EpochReport> log_;
};

}  // namespace

int train(TrainOptions options) { return Run(std::move(options)).go(); }

}  // namespace lineament::cli
