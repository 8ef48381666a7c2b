#include "lineament/train/evaluate.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include "lineament/faces/crop.hpp"
#include "lineament/nn/session.hpp"

namespace lineament {

namespace {

void check_fit(const Network& network, const SampleSource& samples) {
  const std::size_t pixels = samples.pixels_per_sample(), values = samples.values_per_sample();
  if (values != kValues)
    throw SpecError({"samples", "they are no faces of the 68-point scheme", std::to_string(kValues) + " values",
                     std::to_string(values), ""});
  if (network.input_shape().size() != pixels || network.output_shape().size() != values)
    throw SpecError({"network", "it does not fit the samples",
                     std::to_string(pixels) + " values in and " + std::to_string(values) + " out",
                     to_string(network.input_shape()) + " in and " + to_string(network.output_shape()) + " out", ""});
}

}  // namespace

Evaluation evaluate(const Network& network, const SampleSource& samples, const EvaluationOptions& options,
                    const PredictionCallback& on_prediction) {
  check_fit(network, samples);
  const std::size_t pixels = samples.pixels_per_sample(), values = samples.values_per_sample();
  const std::size_t batch = std::min<std::size_t>(16, std::max<std::size_t>(1, samples.size()));
  Session session(network, {.batch = static_cast<int>(batch),
                            .threads = options.threads,
                            .precision = options.precision,
                            .ranges = options.ranges});
  std::vector<float> truth(batch * values);
  Evaluator evaluator;
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);
    std::vector<std::exception_ptr> errors(count);  // of each sample: threads may not throw
    session.threads().run(static_cast<int>(count), [&](int i, int) {
      const auto k = static_cast<std::size_t>(i);
      try {
        samples.prepare(first + k, Random(0), false, session.input().subspan(k * pixels, pixels),
                        std::span(truth).subspan(k * values, values));
      } catch (...) {
        errors[k] = std::current_exception();
      }
    });
    for (const std::exception_ptr& error : errors)
      if (error) std::rethrow_exception(error);
    const std::span<const float> output = session.forward();
    for (std::size_t k = 0; k < count; ++k) {
      const auto predicted = output.subspan(k * values, values);
      // Any similarity of the coordinates cancels in every measure: crop pixels of a crop of side 1 will do.
      evaluator.add(values_to_crop_points(predicted, 1),
                    values_to_crop_points(std::span(truth).subspan(k * values, values), 1));
      if (on_prediction) on_prediction(first + k, predicted);
    }
  }
  return evaluator.result();
}

std::vector<LayerRange> calibrate(const Network& network, const SampleSource& samples, int threads, std::size_t count) {
  check_fit(network, samples);
  count = std::min(count, samples.size());
  const std::size_t pixels = samples.pixels_per_sample();
  std::vector<float> pictures(count * pixels), values(samples.values_per_sample());
  for (std::size_t i = 0; i < count; ++i)
    samples.prepare(i * samples.size() / count, Random(0), false, std::span(pictures).subspan(i * pixels, pixels),
                    values);
  return measure_ranges(network, pictures, threads);
}

}  // namespace lineament
