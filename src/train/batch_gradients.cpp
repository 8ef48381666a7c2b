#include "train/batch_gradients.hpp"

#include <cstdint>

#include "train/require_finite.hpp"

namespace lineament {

BatchGradients::BatchGradients(Network& network, std::size_t values, const FitOptions& options, FitRanks& ranks,
                               Objective& objective)
    : options_(options),
      ranks_(ranks),
      objective_(objective),
      session_(network, {.batch = ranks.own_batch(),
                         .threads = options.threads,
                         .precision = options.precision,
                         .seed = ranks.session_seed(),
                         .parts = ranks.norms()}),
      gradients_(session_.gradients()),
      ports_(network),
      whole_(ports_.outputs, ranks, options.own_outputs),
      values_(values),
      judged_(with_truth(ports_.outputs, values)) {}

void BatchGradients::of_step(Batches& batches, std::size_t count, const TrainingState& state, EpochTotals& totals) {
  session_.zero_gradients();
  for (std::size_t i = 0; i < count; ++i) {
    const Batch& batch = batches.next();
    session_.set_step(state.step * static_cast<std::uint64_t>(options_.accumulate) + i);
    const double loss = forward(batch, totals);
    backward(i + 1 == count);
    require_finite(loss, "the loss", state.epoch, ranks_);
    totals.loss += loss;
    ++totals.batches;
    totals.samples += batch.fresh;
  }
}

/// Returns the loss.
double BatchGradients::forward(const Batch& batch, EpochTotals& totals) {
  load(session_, ports_.inputs, batch.pixels);
  session_.forward();
  whole_.take(session_, batch);
  const double loss = objective_.of_batch(whole_) + whole_.loss_of_shares();
  if (options_.metric) measure(totals);
  whole_.give_gradients(session_);
  return loss;
}

/// After the `last` batch of a step, gradients are those of all ranks.
void BatchGradients::backward(bool last) {
  if (!last || ranks_.alone()) return session_.backward();
  ranks_.begin(gradients_);
  session_.backward([&](std::size_t first) { ranks_.ready(first); });
  ranks_.finish();
}

void BatchGradients::measure(EpochTotals& totals) {
  const std::size_t weights = whole_.weights.empty() ? 0 : values_;
  const auto output_of = [&](std::size_t i) { return whole_.outputs[i].values; };
  for (std::size_t k = 0; k < whole_.fresh; ++k) {
    const std::size_t place = whole_.place_of(k);
    totals.metrics.add(options_.metric(sample_of(output_of, judged_, place, sample_),
                                       whole_.values.subspan(place * values_, values_),
                                       whole_.weights.subspan(place * weights, weights)));
  }
}

}  // namespace lineament
