#include "lineament/train/fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "lineament/error.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/train/batches.hpp"
#include "lineament/train/evaluate.hpp"
#include "train/average.hpp"
#include "train/checks.hpp"
#include "train/fit_ranks.hpp"
#include "train/frozen.hpp"
#include "train/guess.hpp"
#include "train/objective.hpp"
#include "train/part_of_samples.hpp"
#include "train/ports.hpp"
#include "train/whole_batch.hpp"

namespace lineament {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Sums over the epoch under way.
struct Totals {
  double loss = 0;  ///< of batches
  std::size_t batches = 0, samples = 0;
  NamedSums metrics;  ///< of samples that have any

  Means means() const { return {samples, loss / static_cast<double>(batches), metrics.means()}; }
};

class Fit {
 public:
  Fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
      const FitCallbacks& callbacks, FitRanks& ranks)
      : network_(network),
        train_(train),
        validation_(validation),
        options_(options),
        callbacks_(callbacks),
        ranks_(ranks),
        objective_((check_fit(network, train, validation, options), Ports(network).outputs), options),
        frozen_(network, options.frozen),
        own_(options.ema > 0 ? std::optional(network) : std::nullopt),
        trained_(own_ ? *own_ : network),
        session_(trained_, {.batch = ranks.own_batch(),
                            .threads = options.threads,
                            .precision = options.precision,
                            .seed = ranks.session_seed(),
                            .parts = ranks.norms()}),
        gradients_(session_.gradients()),
        ports_(network),
        whole_(ports_.outputs, ranks),
        judged_(with_truth(ports_.outputs, train.values_per_sample())),
        optimizer_(options.optimizer, network.trainable_size(), decayed_ranges(network), frozen_.ranges()) {}

  /// With `resume`, where it was left.
  void begin(const TrainingState* resume) {
    if (resume != nullptr) {
      state_ = *resume;
      optimizer_.restore(state_.optimizer, state_.step);
      restore_trained();
    } else if (options_.start_at_mean) {
      start_at_mean();
      if (own_) network_ = *own_;
    }
  }

  FitResult run() {
    ranks_.require_same_run(train_, validation_, state_);
    compare_ranks();
    Batches batches(train_, {.batch_size = static_cast<std::size_t>(options_.batch_size),
                             .seed = options_.seed,
                             .threads = options_.loader_threads,
                             .copies = options_.copies,
                             .augmented = options_.augmented,
                             .epoch = state_.epoch,
                             .batch = state_.batch,
                             .mixes = options_.mixes,
                             .epochs = static_cast<std::size_t>(options_.epochs),
                             .part = ranks_.part(),
                             .parts = ranks_.parts()});
    FitResult result;
    result.ended = run_epochs(batches, result.epochs);
    result.best_epoch = state_.best_epoch;
    result.best = state_.best;
    store_weights();
    result.state = std::move(state_);
    return result;
  }

 private:
  static std::vector<WeightRange> decayed_ranges(const Network& network) {
    std::vector<WeightRange> ranges;
    for (const ParamInfo& p : network.params())
      if (p.trainable && p.decay) ranges.push_back({p.offset, p.size});
    return ranges;
  }

  const std::vector<float>& mean() {
    if (mean_.empty()) mean_ = mean_values(train_);
    return mean_;
  }

  /// A bias that is all 0 is one that was never trained.
  void start_at_mean() {
    for (const Place& output : judged_) {
      const ParamInfo* bias = bias_of(network_, output);
      if (bias == nullptr || frozen_.has(*bias)) continue;
      const std::span<const float> learnt = std::as_const(trained_).values(*bias);
      if (std::any_of(learnt.begin(), learnt.end(), [](float b) { return b != 0; })) continue;
      std::copy_n(mean().begin() + static_cast<std::ptrdiff_t>(output.first), output.size,
                  trained_.values(*bias).begin());
    }
  }

  /// The weights that are trained, where `network_` is their average.
  void restore_trained() {
    if (state_.weights.size() != (own_ ? own_->weights().size() : 0))
      throw ArgumentError({"resume",
                           own_ ? "the run was begun without an average of its weights"
                                : "the run was begun with an average of its weights",
                           own_ ? "FitOptions::ema 0" : "FitOptions::ema above 0", std::to_string(options_.ema),
                           "resume with the options the run was started with"});
    if (own_) std::copy(state_.weights.begin(), state_.weights.end(), own_->weights().begin());
  }

  void store_weights() {
    state_.optimizer.assign(optimizer_.state().begin(), optimizer_.state().end());
    if (own_) state_.weights.assign(std::as_const(*own_).weights().begin(), std::as_const(*own_).weights().end());
  }

  Ended run_epochs(Batches& batches, std::vector<EpochReport>& reports) {
    while (state_.epoch < static_cast<std::size_t>(options_.epochs)) {
      if (out_of_patience()) return Ended::patience;
      EpochReport report;
      const bool stopped = !train_epoch(batches, report);
      if (state_.batch > 0) return Ended::on_step;
      validate(report);
      require_sensible(report);
      note_best(report);
      state_.epoch = report.epoch;
      store_weights();
      reports.push_back(std::move(report));
      if (!all_go_on_after(reports.back())) return Ended::on_epoch;
      if (stopped) return Ended::on_step;
    }
    return Ended::all_epochs;
  }

  /// What one of them threw ends all.
  bool all_go_on_after(const EpochReport& report) {
    bool go_on = true;
    ranks_.together([&] { go_on = !callbacks_.on_epoch || callbacks_.on_epoch(report, network_, state_); });
    return ranks_.all_go_on(go_on);
  }

  /// Sums in fixed order keep all ranks the same: one that is not has a fault.
  void compare_ranks() {
    const std::span<const float> of_ranks[] = {std::as_const(network_).weights(), std::as_const(trained_).weights(),
                                               optimizer_.state()};
    ranks_.require_same_weights(of_ranks);
  }

  /// Asked before an epoch, not after it, so that a run that had lost patience is not trained further by resuming it.
  bool out_of_patience() const {
    return options_.patience > 0 && state_.epoch - state_.best_epoch >= static_cast<std::size_t>(options_.patience);
  }

  /// False if on_step wants no more; state_.batch is then where, 0 after the last batch.
  bool train_epoch(Batches& batches, EpochReport& report) {
    const auto begin = Clock::now();
    const double waited = batches.waited_seconds();
    const std::size_t count = batches.batches_in(state_.epoch), first = state_.batch;
    Totals totals = restored_totals(count, batches.own_in(state_.epoch));
    report.epoch = state_.epoch + 1;
    bool go_on = true;
    const auto together = static_cast<std::size_t>(options_.accumulate);
    std::size_t b = first;
    while (b < count && go_on) {
      const double progress = static_cast<double>(state_.epoch) + static_cast<double>(b) / static_cast<double>(count);
      report.learning_rate = static_cast<double>(learning_rate(options_.schedule, progress, options_.epochs));
      const std::size_t in_step = std::min(together, count - b);
      train_step(batches, in_step, static_cast<float>(report.learning_rate), totals);
      b += in_step;
      report.images_per_second =
          static_cast<double>((b - first) * static_cast<std::size_t>(options_.batch_size)) / seconds_since(begin);
      if (callbacks_.on_step)
        go_on = callbacks_.on_step({report.epoch, b, count, totals.means(), report.images_per_second});
      go_on = ranks_.all_go_on(go_on);
    }
    compare_ranks();
    // The last step may have done damage that no loss has shown yet, and the network is about to be kept.
    for (const Network* network : {&network_, &trained_})
      for (const float weight : std::as_const(*network).weights())
        require_finite(static_cast<double>(weight), "a weight");
    store_totals(totals, count);
    report.train = totals.means();
    report.seconds = seconds_since(begin);
    report.waited_seconds = batches.waited_seconds() - waited;
    report.images_per_second =
        static_cast<double>((count - first) * static_cast<std::size_t>(options_.batch_size)) / report.seconds;
    return go_on;
  }

  /// One step, by the gradients of `count` batches.
  void train_step(Batches& batches, std::size_t count, float rate, Totals& totals) {
    session_.zero_gradients();
    for (std::size_t i = 0; i < count; ++i) add_gradients(batches.next(), i, i + 1 == count, totals);
    float scale = 1 / static_cast<float>(count);
    const OnThreads parallel{session_.threads()};
    if (options_.clip_norm > 0) {
      frozen_.clear_gradients(session_.gradients());
      const double norm = gradient_norm(session_.gradients(), parallel) / static_cast<double>(count);
      require_finite(norm, "the gradient's norm");
      scale *= clip_scale(norm, options_.clip_norm);
    }
    optimizer_.step(trained_.weights().first(trained_.trainable_size()), session_.gradients(), rate, scale, parallel);
    ranks_.average_statistics(trained_);
    frozen_.restore_statistics(trained_);
    ++state_.step;
    if (own_) move_average(network_.weights(), std::as_const(*own_).weights(), options_.ema, state_.step);
    const auto every = static_cast<std::uint64_t>(options_.distributed.compare_every);
    if (every > 0 && state_.step % every == 0) compare_ranks();
  }

  /// Of batch number `i` of a step; after the last one they are those of all ranks.
  void add_gradients(const Batch& batch, std::size_t i, bool last, Totals& totals) {
    session_.set_step(state_.step * static_cast<std::uint64_t>(options_.accumulate) + i);
    load(session_, ports_.inputs, batch.pixels);
    session_.forward();
    whole_.take(session_, batch);
    const double loss = objective_.of_batch(whole_);
    measure(totals);
    whole_.give_gradients(session_);
    if (last && !ranks_.alone()) {
      ranks_.begin(gradients_);
      session_.backward([&](std::size_t first) { ranks_.ready(first); });
      ranks_.finish();
    } else {
      session_.backward();
    }
    require_finite(loss, "the loss");
    totals.loss += loss;
    ++totals.batches;
    totals.samples += batch.fresh;
  }

  void require_finite(double value, const char* what) const {
    if (std::isfinite(value)) return;
    ranks_.all_fail();
    throw TrainingError({"epoch " + std::to_string(state_.epoch + 1), std::string(what) + " is no longer a number", "",
                         std::to_string(value),
                         "lower the learning rate or clip the gradient; the last checkpoint is still good"});
  }

  void measure(Totals& totals) {
    if (!options_.metric) return;
    const std::size_t values = train_.values_per_sample(), weights = whole_.weights.empty() ? 0 : values;
    const auto output_of = [&](std::size_t i) { return whole_.outputs[i].values; };
    for (std::size_t k = 0; k < whole_.fresh; ++k)
      totals.metrics.add(options_.metric(sample_of(output_of, judged_, k, sample_),
                                         whole_.values.subspan(k * values, values),
                                         whole_.weights.subspan(k * weights, weights)));
  }

  /// Each rank its share.
  void validate(EpochReport& report) {
    if (validation_ == nullptr) return;
    const auto begin = Clock::now();
    Means means{.samples = validation_->size()};
    NamedSums metrics;
    const PartOfSamples own(*validation_, ranks_.part(), ranks_.parts());
    ranks_.together([&] {
      if (own.size() == 0) return;
      for_each_prediction(network_, own, {.threads = options_.threads}, [&](const Prediction& p) {
        means.loss += objective_.of_sample(p);
        if (options_.metric) metrics.add(options_.metric(p.judged(), p.truth, p.weights));
      });
    });
    ranks_.add_up(means.loss, metrics);
    means.loss /= static_cast<double>(means.samples);
    means.metrics = metrics.means();
    report.validation = std::move(means);
    report.validation_seconds = seconds_since(begin);
  }

  /// A network can be useless without a NaN in it.
  void require_sensible(const EpochReport& report) {
    const Means& means = report.validation ? *report.validation : report.train;
    if (!(options_.astray > 0) || means.metrics.empty() || means.metrics.front().higher_is_better) return;
    if (!guess_) guess_ = guess(validation_ ? *validation_ : train_, mean(), options_.metric);
    if (!*guess_) return;
    constexpr double kZero = 4;  // why: where all samples have the same truth, their mean is no measure
    const Guess& g = **guess_;
    const double limit = std::max(options_.astray * g.mean, kZero * g.zero), error = means.metrics.front().value;
    if (!(error > limit)) return;
    ranks_.all_fail();
    throw TrainingError({"epoch " + std::to_string(report.epoch),
                         "training has gone astray: the network is far worse than a guess, the mean of the training "
                         "samples",
                         "a " + g.metric + " near or below " + std::to_string(g.mean), std::to_string(error),
                         "train anew with a lower learning rate; the last checkpoint is from before this epoch"});
  }

  void note_best(EpochReport& report) {
    const Means& means = report.validation ? *report.validation : report.train;
    const NamedValue loss{"loss", means.loss};
    const NamedValue& now = means.metrics.empty() ? loss : means.metrics.front();
    require_finite(now.value, report.validation ? "the validation error" : "the training error");
    // A best by another measure says nothing about this one.
    report.best = state_.best_epoch == 0 || state_.best_of != now.name ||
                  (now.higher_is_better ? now.value > state_.best : now.value < state_.best);
    if (!report.best) return;
    state_.best = now.value;
    state_.best_of = now.name;
    state_.best_epoch = report.epoch;
  }

  /// Of an epoch that was left in the middle.
  Totals restored_totals(std::size_t batches, std::size_t samples_in_batch) const {
    Totals totals;
    if (state_.batch == 0) return totals;
    if (state_.batch >= batches || state_.sums.size() < 2)
      throw ArgumentError({"resume", "the run was stopped in the middle of another epoch",
                           "fewer than " + std::to_string(batches) + " batches done", std::to_string(state_.batch),
                           "resume with the samples and batch size the run was started with"});
    totals.loss = state_.sums.front();
    totals.batches = state_.batch;
    totals.samples = state_.batch * samples_in_batch;
    totals.metrics.restore(std::span(state_.sums).subspan(2), static_cast<std::size_t>(state_.sums[1]));
    return totals;
  }

  void store_totals(const Totals& totals, std::size_t batches) {
    state_.batch = totals.batches < batches ? totals.batches : 0;
    state_.sums.clear();
    if (state_.batch == 0) return;
    state_.sums = totals.metrics.sums();
    state_.sums.insert(state_.sums.begin(), {totals.loss, static_cast<double>(totals.metrics.samples())});
  }

  Network& network_;
  const SampleSource& train_;
  const SampleSource* validation_;
  const FitOptions& options_;
  const FitCallbacks& callbacks_;
  FitRanks& ranks_;
  Objective objective_;
  Frozen frozen_;
  std::optional<Network> own_;  ///< with an average, which `network_` then is
  Network& trained_;
  TrainingSession session_;
  const std::span<float> gradients_;  ///< its own, also while they are being made
  const Ports ports_;
  WholeBatch whole_;
  const Places judged_;  ///< the outputs that have a truth
  Optimizer optimizer_;
  TrainingState state_;
  std::optional<std::optional<Guess>> guess_;  ///< once it was needed
  std::vector<float> mean_;                    ///< of the training samples' values; the same
  std::vector<float> sample_;                  ///< its outputs, if there are several
};

}  // namespace

FitResult fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
              const FitCallbacks& callbacks, const TrainingState* resume) {
  FitRanks ranks(options);
  std::optional<Fit> fit;
  ranks.together([&] {
    ranks.start();
    fit.emplace(network, train, validation, options, callbacks, ranks);
    fit->begin(resume);
  });
  try {
    return fit->run();
  } catch (const std::exception& e) {
    ranks.end_others(e.what());
    throw;
  }
}

}  // namespace lineament
