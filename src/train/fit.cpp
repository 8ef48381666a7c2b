#include "lineament/train/fit.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/train/batches.hpp"
#include "train/batch_gradients.hpp"
#include "train/checks.hpp"
#include "train/current_error.hpp"
#include "train/epoch_totals.hpp"
#include "train/fit_ranks.hpp"
#include "train/guess.hpp"
#include "train/judge.hpp"
#include "train/objective.hpp"
#include "train/ports.hpp"
#include "train/stopwatch.hpp"
#include "train/trained_weights.hpp"

namespace lineament {
namespace {

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
        mean_(train),
        objective_((check_fit(network, train, validation, options), Ports(network).outputs), options),
        weights_(network, options, ranks),
        gradients_(weights_.network(), train.values_per_sample(), options, ranks, objective_),
        judge_(network, train, validation, options, ranks, objective_, mean_) {}

  /// With `resume`, where it was left.
  void begin(const TrainingState* resume) {
    if (resume != nullptr) {
      state_ = *resume;
      weights_.restore(state_);
    }
  }

  FitResult run(bool resumed) {
    ranks_.require_same_run(train_, validation_, state_);
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
                             .parts = ranks_.parts(),
                             .interleaved = ranks_.interleaved()});
    if (!resumed && options_.start_at_mean) weights_.start_at_mean(gradients_.judged(), mean_);
    weights_.compare_ranks();
    FitResult result;
    result.ended = run_epochs(batches, result.epochs);
    result.best_epoch = state_.best_epoch;
    result.best = state_.best;
    weights_.store(state_);
    result.state = std::move(state_);
    return result;
  }

 private:
  Ended run_epochs(Batches& batches, std::vector<EpochReport>& reports) {
    while (state_.epoch < static_cast<std::size_t>(options_.epochs)) {
      if (out_of_patience()) return Ended::patience;
      EpochReport report;
      const bool stopped = !train_epoch(batches, report);
      if (state_.batch > 0) return Ended::on_step;
      judge_(report, state_);
      state_.epoch = report.epoch;
      weights_.store(state_);
      reports.push_back(std::move(report));
      if (!all_go_on_after(reports.back())) return Ended::on_epoch;
      if (stopped) return Ended::on_step;
    }
    return Ended::all_epochs;
  }

  /// Asked before an epoch, not after it, so that a run that had lost patience is not trained further by resuming it.
  bool out_of_patience() const {
    return options_.patience > 0 && state_.epoch - state_.best_epoch >= static_cast<std::size_t>(options_.patience);
  }

  /// False if on_step wants no more; state_.batch is then where, 0 after the last batch.
  bool train_epoch(Batches& batches, EpochReport& report) {
    const Stopwatch watch;
    const double waited = batches.waited_seconds();
    const std::size_t count = batches.batches_in(state_.epoch), first = state_.batch;
    EpochTotals totals = totals_of(state_, count, batches.own_in(state_.epoch));
    report.epoch = state_.epoch + 1;
    const bool go_on = take_steps(batches, count, totals, report);
    weights_.compare_ranks();
    // The last step may have done damage that no loss has shown yet, and the network is about to be kept.
    weights_.require_finite_weights(state_.epoch);
    keep_totals(totals, count, state_);
    report.train = totals.means();
    report.seconds = watch.seconds();
    report.waited_seconds = batches.waited_seconds() - waited;
    report.images_per_second = images(count - first) / report.seconds;
    return go_on;
  }

  /// Up to batch `count` of the epoch. False if on_step wants no more.
  bool take_steps(Batches& batches, std::size_t count, EpochTotals& totals, EpochReport& report) {
    const Stopwatch watch;
    const std::size_t first = state_.batch, together = static_cast<std::size_t>(options_.accumulate);
    bool go_on = true;
    std::size_t b = first;
    while (b < count && go_on) {
      const double progress = static_cast<double>(state_.epoch) + static_cast<double>(b) / static_cast<double>(count);
      report.learning_rate = static_cast<double>(learning_rate(options_.schedule, progress, options_.epochs));
      const std::size_t in_step = std::min(together, count - b);
      gradients_.of_step(batches, in_step, state_, totals);
      weights_.step(gradients_.values(), in_step, static_cast<float>(report.learning_rate), gradients_.threads(),
                    state_);
      b += in_step;
      report.images_per_second = images(b - first) / watch.seconds();
      if (callbacks_.on_step)
        go_on = callbacks_.on_step({report.epoch, b, count, totals.means(), report.images_per_second});
      go_on = ranks_.all_go_on(go_on);
    }
    return go_on;
  }

  double images(std::size_t batches) const {
    return static_cast<double>(batches * static_cast<std::size_t>(options_.batch_size));
  }

  /// What one of them threw ends all.
  bool all_go_on_after(const EpochReport& report) {
    bool go_on = true;
    ranks_.together([&] { go_on = !callbacks_.on_epoch || callbacks_.on_epoch(report, network_, state_); });
    return ranks_.all_go_on(go_on);
  }

  Network& network_;
  const SampleSource& train_;
  const SampleSource* validation_;
  const FitOptions& options_;
  const FitCallbacks& callbacks_;
  FitRanks& ranks_;
  MeanValues mean_;
  Objective objective_;
  TrainedWeights weights_;
  BatchGradients gradients_;
  Judge judge_;
  TrainingState state_;
};

}  // namespace

FitResult fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
              const FitCallbacks& callbacks, const TrainingState* resume) {
  std::optional<Fit> fit;
  FitRanks ranks(options);  // goes first: what it still sends is the fit's
  ranks.together([&] {
    ranks.start(network.trainable_size());
    fit.emplace(network, train, validation, options, callbacks, ranks);
    fit->begin(resume);
  });
  try {
    return fit->run(resume != nullptr);
  } catch (...) {
    ranks.end_others(current_error());
    throw;
  }
}

}  // namespace lineament
