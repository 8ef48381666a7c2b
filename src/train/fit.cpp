#include "lineament/train/fit.hpp"

#include <chrono>
#include <cmath>

#include "lineament/faces/crop.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/train/batches.hpp"
#include "lineament/train/evaluate.hpp"

namespace lineament {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Sums over an epoch.
struct Totals {
  double loss = 0, nme = 0, accuracy = 0;
  std::size_t batches = 0, samples = 0;

  double mean(double sum) const { return samples == 0 ? 0 : sum / static_cast<double>(samples); }
};

class Fit {
 public:
  Fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
      const FitCallbacks& callbacks)
      : network_(network),
        train_(train),
        validation_(validation),
        options_(options),
        callbacks_(callbacks),
        session_((check(), network), {.mode = Mode::train,
                                      .batch = options.batch_size,
                                      .threads = options.threads,
                                      .seed = options.seed,
                                      .precision = options.precision}),
        optimizer_(options.optimizer, network.trainable_size(), decayed_ranges(network)) {}

  FitResult run(const TrainingState* resume) {
    if (resume != nullptr) {
      state_ = *resume;
      optimizer_.restore(state_.optimizer, state_.step);
      session_.set_step(state_.step);
    } else {
      set_mean_shape();
    }
    Batches batches(train_, {.batch_size = static_cast<std::size_t>(options_.batch_size),
                             .seed = options_.seed,
                             .threads = options_.loader_threads,
                             .copies = options_.copies,
                             .augmented = options_.augmented,
                             .epoch = state_.epoch});
    FitResult result;
    while (state_.epoch < static_cast<std::size_t>(options_.epochs) && !out_of_patience()) {
      result.epochs.push_back(train_epoch(batches));
      EpochReport& report = result.epochs.back();
      validate(report);
      note_best(report);
      state_.epoch = report.epoch;
      state_.optimizer.assign(optimizer_.state().begin(), optimizer_.state().end());
      if (callbacks_.on_epoch && !callbacks_.on_epoch(report, network_, state_)) break;
    }
    result.best_epoch = state_.best_epoch;
    result.best = state_.best;
    return result;
  }

 private:
  void check() const {
    const auto require = [](bool good, const char* option, const char* wanted, int got) {
      if (!good) throw ArgumentError({option, "out of range", wanted, std::to_string(got), ""});
    };
    require(options_.epochs >= 1, "epochs", "1 or more", options_.epochs);
    require(options_.batch_size >= 1, "batch", "1 or more", options_.batch_size);
    require_fit(train_, "the training samples");
    if (validation_ == nullptr) return;
    require_fit(*validation_, "the validation samples");
    if (validation_->size() == 0)
      throw ArgumentError({"validation", "there are no samples", "at least one", "none", "leave it out"});
  }

  void require_fit(const SampleSource& samples, const char* which) const {
    if (network_.input_shape().size() == samples.pixels_per_sample() &&
        network_.output_shape().size() == samples.values_per_sample())
      return;
    throw SpecError({"network", std::string("it does not fit ") + which,
                     std::to_string(samples.pixels_per_sample()) + " values in and " +
                         std::to_string(samples.values_per_sample()) + " out",
                     to_string(network_.input_shape()) + " in and " + to_string(network_.output_shape()) + " out",
                     "change the network's input or the crop's size"});
  }

  /// Asked before an epoch, not after it, so that a run that had lost patience is not trained further by resuming it.
  bool out_of_patience() const {
    return options_.patience > 0 && state_.epoch - state_.best_epoch >= static_cast<std::size_t>(options_.patience);
  }

  static std::vector<DecayRange> decayed_ranges(const Network& network) {
    std::vector<DecayRange> ranges;
    for (const ParamInfo& p : network.params())
      if (p.trainable && p.decay) ranges.push_back({p.offset, p.size});
    return ranges;
  }

  void set_mean_shape() {
    const Dense* last = std::get_if<Dense>(&network_.spec()[network_.spec().last()].layer);
    if (last != nullptr && last->bias) network_.set_output_bias(mean_values(train_));
  }

  EpochReport train_epoch(Batches& batches) {
    const auto begin = Clock::now();
    const double waited = batches.waited_seconds();
    EpochReport report;
    report.epoch = state_.epoch + 1;
    Totals totals;
    const std::size_t count = batches.batches_per_epoch();
    for (std::size_t b = 0; b < count; ++b) {
      const double progress = static_cast<double>(state_.epoch) + static_cast<double>(b) / static_cast<double>(count);
      report.learning_rate = static_cast<double>(learning_rate(options_.schedule, progress, options_.epochs));
      train_step(batches.next(), static_cast<float>(report.learning_rate), totals);
      if (callbacks_.on_step)
        callbacks_.on_step(
            {report.epoch, b + 1, count, totals.loss / static_cast<double>(totals.batches), totals.mean(totals.nme),
             totals.mean(totals.accuracy),
             static_cast<double>((b + 1) * static_cast<std::size_t>(options_.batch_size)) / seconds_since(begin)});
    }
    // The last step may have done damage that no loss has shown yet, and the epoch's network is about to be kept.
    for (const float weight : network_.weights()) require_finite(static_cast<double>(weight), "a weight");
    report.seconds = seconds_since(begin);
    report.waited_seconds = batches.waited_seconds() - waited;
    report.loss = totals.loss / static_cast<double>(totals.batches);
    report.nme = totals.mean(totals.nme);
    report.accuracy = totals.mean(totals.accuracy);
    report.images_per_second =
        static_cast<double>(count * static_cast<std::size_t>(options_.batch_size)) / report.seconds;
    return report;
  }

  void train_step(const Batch& batch, float rate, Totals& totals) {
    std::copy(batch.pixels.begin(), batch.pixels.end(), session_.input().begin());
    const std::span<const float> output = session_.forward();
    const double loss = static_cast<double>(
        value_and_gradient(options_.loss, output, batch.values, session_.output_gradient(), options_.batch_size));
    measure(output, batch, totals);
    session_.zero_gradients();
    session_.backward();
    require_finite(loss, "the loss");
    float scale = 1;
    const OnThreads parallel{session_.threads()};
    if (options_.clip_norm > 0) {
      const double norm = gradient_norm(session_.gradients(), parallel);
      require_finite(norm, "the gradient's length");
      scale = clip_scale(norm, options_.clip_norm);
    }
    optimizer_.step(network_.weights().first(network_.trainable_size()), session_.gradients(), rate, scale, parallel);
    ++state_.step;
    totals.loss += loss;
    ++totals.batches;
  }

  void require_finite(double value, const char* what) const {
    if (std::isfinite(value)) return;
    throw TrainingError({"epoch " + std::to_string(state_.epoch + 1), std::string(what) + " is no longer a number", "",
                         std::to_string(value),
                         "lower the learning rate or clip the gradient; the last checkpoint is still good"});
  }

  void measure(std::span<const float> output, const Batch& batch, Totals& totals) const {
    const std::size_t values = train_.values_per_sample();
    if (values != kValues) return;
    for (std::size_t k = 0; k < batch.fresh; ++k) {
      const Landmarks predicted = values_to_crop_points(output.subspan(k * values, values), 1);
      const Landmarks truth = values_to_crop_points(batch.values.subspan(k * values, values), 1);
      totals.nme += nme(predicted, truth);
      totals.accuracy += pck(predicted, truth);
    }
    totals.samples += batch.fresh;
  }

  void validate(EpochReport& report) {
    if (validation_ == nullptr) return;
    const auto begin = Clock::now();
    report.validation = evaluate(network_, *validation_, {.threads = options_.threads});
    report.validation_seconds = seconds_since(begin);
  }

  void note_best(EpochReport& report) {
    const double training = train_.values_per_sample() == kValues ? report.nme : report.loss;
    const double error = report.validation ? report.validation->nme_inter_ocular / 100 : training;
    require_finite(error, "the validation error");
    report.best = state_.best_epoch == 0 || error < state_.best;
    if (!report.best) return;
    state_.best = error;
    state_.best_epoch = report.epoch;
  }

  Network& network_;
  const SampleSource& train_;
  const SampleSource* validation_;
  const FitOptions& options_;
  const FitCallbacks& callbacks_;
  Session session_;
  Optimizer optimizer_;
  TrainingState state_;
};

}  // namespace

FitResult fit(Network& network, const SampleSource& train, const SampleSource* validation, const FitOptions& options,
              const FitCallbacks& callbacks, const TrainingState* resume) {
  return Fit(network, train, validation, options, callbacks).run(resume);
}

std::vector<float> mean_values(const SampleSource& samples) {
  const std::size_t count = std::min<std::size_t>(samples.size(), 1000);
  std::vector<float> pixels(samples.pixels_per_sample()), values(samples.values_per_sample());
  std::vector<double> sum(values.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    samples.prepare(i, Random(0), false, pixels, values);
    for (std::size_t v = 0; v < values.size(); ++v) sum[v] += static_cast<double>(values[v]);
  }
  for (std::size_t v = 0; v < values.size(); ++v)
    values[v] = static_cast<float>(sum[v] / static_cast<double>(std::max<std::size_t>(1, count)));
  return values;
}

}  // namespace lineament
