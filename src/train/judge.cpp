#include "train/judge.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "lineament/error.hpp"
#include "lineament/train/evaluate.hpp"
#include "train/part_of_samples.hpp"
#include "train/require_finite.hpp"
#include "train/stopwatch.hpp"

namespace lineament {

void Judge::operator()(EpochReport& report, TrainingState& state) {
  if (validates_) validate(report);
  require_sensible(report);
  note_best(report, state);
}

/// Each rank its share.
void Judge::validate(EpochReport& report) {
  const Stopwatch watch;
  Means means{.samples = judged_.size()};
  NamedSums metrics;
  const PartOfSamples own(judged_, ranks_.part(), ranks_.parts());
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
  report.validation_seconds = watch.seconds();
}

/// A network can be useless without a NaN in it.
void Judge::require_sensible(const EpochReport& report) {
  const Means& means = report.validation ? *report.validation : report.train;
  if (!(options_.astray > 0) || means.metrics.empty() || means.metrics.front().higher_is_better) return;
  if (!guess_) guess_ = guess(judged_, mean_(), options_.metric);
  if (!*guess_) return;
  constexpr double kZero = 4;  // why: where all samples have the same truth, their mean is no measure
  const Guess& g = **guess_;
  const double limit = std::max(options_.astray * g.mean, kZero * g.zero), error = means.metrics.front().value;
  if (!(limit > 0) || !(error > limit)) return;  // of what may be 0 or negative no multiple is a limit
  ranks_.all_fail();
  throw TrainingError({"epoch " + std::to_string(report.epoch),
                       "training has gone astray: the network is far worse than a guess, the mean of the training "
                       "samples",
                       "a " + g.metric + " near or below " + std::to_string(g.mean), std::to_string(error),
                       "train anew with a lower learning rate; checkpoints of earlier epochs are still good"});
}

void Judge::note_best(EpochReport& report, TrainingState& state) {
  const Means& means = report.validation ? *report.validation : report.train;
  const NamedValue loss{"loss", means.loss};
  const NamedValue& now = means.metrics.empty() ? loss : means.metrics.front();
  require_finite(now.value, report.validation ? "the validation error" : "the training error", state.epoch, ranks_);
  // A best by another measure says nothing about this one.
  report.best = state.best_epoch == 0 || state.best_of != now.name ||
                (now.higher_is_better ? now.value > state.best : now.value < state.best);
  if (!report.best) return;
  state.best = now.value;
  state.best_of = now.name;
  state.best_epoch = report.epoch;
}

}  // namespace lineament
