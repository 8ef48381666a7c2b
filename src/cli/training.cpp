#include "cli/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/batch_checks.hpp"
#include "cli/console.hpp"
#include "cli/data.hpp"
#include "cli/fit_settings.hpp"
#include "cli/idle_options.hpp"
#include "cli/invocation.hpp"
#include "cli/json_text.hpp"
#include "cli/known_photos.hpp"
#include "cli/new_model.hpp"
#include "cli/ranks.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_log.hpp"
#include "cli/run_report.hpp"
#include "cli/shard_data.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/file.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/version.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

void say_epoch(const EpochReport& r, int epochs) {
  std::string line = text("epoch %3zu/%d  loss %.5f", r.epoch, epochs, r.train.loss);
  const auto add = [&](const char* of, const Means& means) {
    if (!means.metrics.empty()) line += text("  %s NME %5.2f %%  PCK %.3f", of, means.metric(kNme), means.metric(kPck));
  };
  add("train", r.train);
  if (r.validation) add("held out", *r.validation);
  say(line + text("  %.0f images/s%s", r.images_per_second, r.best ? "  best" : ""));
}

AugmentOptions unmirrored(AugmentOptions augment) {
  augment.mirror = 0;
  return augment;
}

class Run {
 public:
  Run(TrainOptions options, Ranks& ranks, const Dataset* photos)
      : o_(std::move(options)), ranks_(ranks), photos_(photos) {}

  int go() {
    if (o_.from == "none") {  // in place of a recipe's
      if (!o_.resume && !o_.has("network"))
        throw ArgumentError({"--from none", "it is not said which network to train", "--network NAME", "none", ""});
      o_.from.clear();
    }
    // A recipe's drawn faces are left out by --mix 0.
    if (!o_.data.empty() && o_.mix == 0 && o_.has("mix")) o_.synthetic = 0;
    std::vector<std::uint8_t> checkpoint;
    ranks_.together([&] {
      if (!o_.resume) begin();
      if (!ranks_.writes()) return;
      folder_.emplace(o_.out, o_.resume);
      if (o_.resume) checkpoint = read_file(folder_->last());
    });
    ranks_.broadcast(checkpoint);
    ranks_.together([&] {
      if (o_.resume) take_up(std::move(checkpoint));
      prepare();
    });
    require_same_run();
    ranks_.together([&] { save_beginning(); });
    train_and_report();
    return 0;
  }

 private:
  void begin() {
    check_options(o_);
    begun_ = new_model(o_);
    model_ = std::move(begun_.model);
  }

  void take_up(std::vector<std::uint8_t> bytes) {
    const Path last = o_.out / "last.safetensors";
    Checkpoint checkpoint = load_checkpoint(std::move(bytes), last.string());
    if (!checkpoint.state)
      throw ModelError({last.string(), "it holds no state of training", "", "", "start a new run"});
    restore(*checkpoint.state, last);
    check_options(o_);
    if (ranks_.writes()) log_ = read_log(folder_->log(), checkpoint.state->epoch);
    model_ = std::move(checkpoint.model);
    state_ = std::move(*checkpoint.state);
  }

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

  /// All up to the first step.
  void prepare() {
    require_drawn_scheme();
    require_use_of_backgrounds();
    sets_ = load_sets(o_, model_.preprocessing, model_.scheme, has_output(model_.network, kFaceOutput), photos_);
    const Sets& sets = *sets_;
    const int ranks = ranks_.others() ? ranks_.others()->size() : 1;
    check_batch(o_, sets, ranks);
    check_negatives(o_, sets, begun_.notes);
    if (!o_.resume) {
      model_.trained_on = sets.about + begun_.begun_with;
      model_.metadata["version"] = version();
      model_.metadata["command"] = utf8(command_line());
      model_.metadata["date"] = date_text();
      model_.metadata["options"] = without_paths(settings_of(o_));
      if (sets.found_box) model_.found_box = sets.found_box;
      if (!model_.found_box && model_.scheme.name != ibug_68().name)
        say("note: how boxes of these points lie in those that the detector finds is not known, from " +
            std::string(trains_on_shards(o_) ? "packed faces" : "so few faces that it finds") +
            ": predict and track will want --box");
    }
    warn_of_trained(model_, sets, o_);
    warn_of_backgrounds(sets, o_);
    note_photos(model_, sets);
    const int threads = Threads(o_.threads).count();
    say("training on " + counted(sets.train->size(), "face") +
        (sets.drawn ? " and " + counted(sets.drawn->size(), "drawn face") : "") +
        (sets.held_out ? text(", %zu held out", sets.held_out->size()) : ", none held out") + "; " +
        (ranks_.others() ? text("%d ranks of ", ranks_.others()->size()) : "") +
        counted(static_cast<std::size_t>(threads), "thread") + ", " + current_isa());
    note_blind(o_, *sets.train);
    for (const std::string& note : begun_.notes) say(note);
    for (const std::string& note : idle_options(o_, model_.network, ranks)) say(note);
    if (o_.precision == "bf16") say_precision(model_.network);
    if (o_.resume) say_resumed(state_);
  }

  void require_drawn_scheme() const {
    if (o_.synthetic > 0 && model_.scheme.name != ibug_68().name)
      throw ArgumentError({"drawn faces", "they have the points of one scheme only", ibug_68().name, model_.scheme.name,
                           o_.data.empty() ? "give --data: annotated photos" : "add --mix 0"});
  }

  void require_use_of_backgrounds() const {
    if (!o_.backgrounds.empty() && o_.synthetic == 0 && !has_output(model_.network, kFaceOutput))
      throw ArgumentError({"--backgrounds", "they are put behind drawn faces, and are crops without a face",
                           "--synthetic N, or a network with the output 'face'", "neither", "leave it out"});
  }

  /// A kill in the first epoch, too, leaves something to resume, with these settings; and a disk too small says so now.
  void save_beginning() {
    if (folder_) require_room();
    const std::string settings = settings_of(o_);
    if (!o_.resume || settings != state_.settings) {
      state_.settings = settings;
      if (folder_) save_checkpoint(folder_->last(), model_, state_);
    }
  }

  /// A checkpoint has the weights three times, with the optimiser's two moments, and once more with an average of them;
  /// the best model lies beside it. Each is written beside the old one, which is there already if a run goes on.
  void require_room() const {
    std::error_code error;
    const std::filesystem::space_info disk = std::filesystem::space(o_.out, error);
    const std::size_t written = (o_.ema > 0 ? 5 : 4) * model_.network.weights().size() * sizeof(float),
                      needed = o_.resume ? written : 2 * written;
    if (!error && disk.available < needed)
      throw FileError({o_.out.string(), "there is no room for what training writes",
                       text("%.1f MB", static_cast<double>(needed) / 1e6),
                       text("%.1f MB", static_cast<double>(disk.available) / 1e6),
                       o_.resume ? "free some" : "free some, or give --out a folder on another disk"});
  }

  /// Ranks that differ in these would train a network that is nobody's.
  void require_same_run() {
    ranks_.require_same("version of the program", std::string(version()));
    require_same_options();
    ranks_.require_same("photos in --backgrounds", text("%llu", static_cast<unsigned long long>(sets_->backgrounds)));
    ranks_.require_same("faces", digest_of(*sets_) + text("%zu", sets_->train->size()));
  }

  void require_same_options() {
    const std::vector<std::string> all = ranks_.gather(without_paths(settings_of(o_)));
    for (std::size_t r = 1; r < all.size(); ++r)
      if (all[r] != all[0]) {
        const DifferentOption d = different_option(all[0], all[r]);
        throw TrainingError({text("rank %zu of %zu", r, all.size()), "it has another --" + d.name,
                             "that of rank 0, " + d.first, d.second, "give all ranks the same options"});
      }
  }

  void train_and_report() {
    say_when_interrupted("stopped; this goes on after the last whole epoch: " + resume_command());
    try {
      train();
    } catch (const TrainingError& e) {
      if (const std::string damaged = newly_damaged(*sets_); !damaged.empty())  // it may be why
        ranks_.say_alone("damaged: " + damaged);
      finish_after_error();
      if (!e.problem().where.starts_with("epoch")) throw;  // nothing of the network
      Problem problem = e.problem();
      problem.what += "; this epoch is not saved";
      problem.fix =
          o_.resume_with.empty()
              ? text("start a new run with a lower --lr: this one has %g, the default is %g", o_.lr, TrainOptions{}.lr)
              : text("'lineament train --recipe adapt --lr %g …' has a lower learning rate than this run's %g",
                     o_.lr / 3, o_.lr);
      throw TrainingError(problem);
    }
    finish();
  }

  /// Nobody should believe in a faster run that is none.
  void say_precision(Network& network) const {
    const std::vector<PlannedOp> plan = TrainingSession(network, {.precision = Precision::bf16}).plan();
    const auto in_bf16 = std::count_if(plan.begin(), plan.end(),
                                       [](const PlannedOp& op) { return op.kernel.find("bf16") != std::string::npos; });
    if (in_bf16 > 0)
      say("bf16: " + counted(static_cast<std::size_t>(in_bf16), "1x1 convolution"));
    else
      say(std::string("note: bf16 changes nothing here: ") +
          (has_bf16_products() ? "the network has no 1x1 convolution that it suits"
                               : "this processor multiplies it no faster than floats"));
  }

  /// The epochs before it are worth a report. What is wrong with that is not why training ended.
  void finish_after_error() const {
    try {
      if (!log_.empty()) finish();
    } catch (const std::exception& e) {
      say(std::string("lineament: ") + e.what());
    }
  }

  void finish() const {
    if (!folder_) return;
    if (std::error_code error; !std::filesystem::exists(folder_->model(), error))
      throw FileError({folder_->model().string(), "the best epoch's model is gone", "", "",
                       "last.safetensors beside it is the model of the last epoch"});
    write_file(folder_->report(),
               std::string_view(report_html(run_report(o_, *sets_, log_, load_model(folder_->model())))));
    say("model:  " + folder_->model().string());
    say("report: " + folder_->report().string());
  }

  void say_resumed(const TrainingState& state) const {
    const bool done = state.epoch >= static_cast<std::size_t>(o_.epochs);
    if (!done && o_.patience > 0 && state.epoch - state.best_epoch >= static_cast<std::size_t>(o_.patience)) {
      say(
          text("the run ended after epoch %zu, without a new best for %d epochs; the report is written anew. To train "
               "on, add --patience 0, or a larger number",
               state.epoch, o_.patience));
      return;
    }
    if (done)
      say(text("all %d epochs are done; the report is written anew", o_.epochs));
    else
      say(text("going on after epoch %zu of %d", state.epoch, o_.epochs));
    if (o_.epochs != begun_epochs_)
      say(text(
          "the run was begun for %d epochs: from here on its learning rate follows the schedule of the %s run of %d",
          begun_epochs_, o_.epochs > begun_epochs_ ? "longer" : "shorter", o_.epochs));
  }

  void train() {
    Model& model = model_;
    Sets& sets = *sets_;
    const auto mirrored_epochs = static_cast<std::size_t>(std::round(o_.mirror_until * o_.epochs));
    FitOptions options;
    ranks_.together([&] {
      options = fit_options(o_, model.scheme);
      options.loader_threads = loader_threads(sets, o_.threads);
      set_loss(options, o_, model.network, model.scheme);
    });
    if (sets.drawn) options.mixes.push_back({sets.drawn.get(), o_.mix, o_.mix_until[0], o_.mix_until[1]});
    if (sets.negatives) {  // one at least: by faces alone the network would learn to see them everywhere
      const double share = std::max(o_.negatives, 1.0 / o_.batch);
      options.mixes.push_back({&*sets.negatives, share, 1, 1});
    }
    options.distributed.communicator = ranks_.others();
    Progress progress("training");
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport& s) {
      show_step(progress, s);
      return true;
    };
    callbacks.on_epoch = [&](const EpochReport& r, const Network&, const TrainingState& now) {
      const std::vector<std::string> damaged = ranks_.gather(newly_damaged(sets));
      if (!folder_) return now.epoch != mirrored_epochs;
      progress.clear();
      report_damaged(damaged);
      save_epoch(r, now);
      say_epoch(r, o_.epochs);
      return now.epoch != mirrored_epochs;
    };
    TrainingState now = state_;
    FitResult result;
    do {  // Another fit() where mirroring ends: it goes on as a resumed run does.
      if (now.epoch >= mirrored_epochs) sets.train->set_augment(unmirrored(sets.train->augment()));
      result = fit(model.network, *sets.train, sets.held_out.get(), options, callbacks, now.epoch > 0 ? &now : nullptr);
      now = std::move(result.state);
    } while (result.ended == Ended::on_epoch && now.epoch < static_cast<std::size_t>(o_.epochs));
    progress.clear();
    say(text("best: epoch %zu, %s NME %.2f %%", result.best_epoch, sets.held_out ? "held out" : "training",
             result.best));
  }

  /// In this order a kill at any moment loses nothing: the checkpoint, written last, says which epochs count.
  void save_epoch(const EpochReport& r, TrainingState now) {
    model_.ranges = calibrate(model_.network, *sets_->train, o_.threads);
    log_.push_back(r);
    now.settings = state_.settings;
    try {
      if (r.best) save_model(folder_->model(), model_);
      write_log(folder_->log(), log_);
      save_checkpoint(folder_->last(), model_, now);
    } catch (const FileError& e) {
      Problem problem = e.problem();
      problem.what += text("; epoch %zu is not saved", r.epoch);
      problem.fix = "mend that, then go on after the epoch before: " + resume_command();
      throw FileError(problem);
    }
  }

  std::string resume_command() const {
    return o_.resume_with.empty() ? "lineament train --resume --out " + shell_word(o_.out.string()) : o_.resume_with;
  }

  void show_step(Progress& progress, const StepReport& s) const {
    const double epochs_left =
        o_.epochs - static_cast<double>(s.epoch) + 1 - static_cast<double>(s.batch) / static_cast<double>(s.batches);
    const double images_left = epochs_left * static_cast<double>(s.batches) * o_.batch;
    progress.rename(text("epoch %zu/%d", s.epoch, o_.epochs));
    progress.update(s.batch, s.batches,
                    text("loss %.4f", s.train.loss) +
                        (s.train.metrics.empty() ? "" : text("  PCK %.3f", s.train.metric(kPck))) +
                        text("  %.0f images/s  %s left", s.images_per_second,
                             clock_text(images_left / s.images_per_second).c_str()));
  }

  TrainOptions o_;
  Ranks& ranks_;
  const Dataset* photos_;            ///< where they have been read
  std::optional<RunFolder> folder_;  ///< of the rank that writes
  Model model_;
  TrainingState state_;  ///< where it begins
  std::optional<Sets> sets_;
  NewModel begun_;        ///< of a run that is not resumed
  int begun_epochs_ = 0;  ///< of a resumed run
  std::vector<EpochReport> log_;
};

}  // namespace

int run_training(TrainOptions options, Ranks& ranks, const Dataset* photos) {
  return Run(std::move(options), ranks, photos).go();
}

}  // namespace lineament::cli
