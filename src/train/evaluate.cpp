#include "lineament/train/evaluate.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/nn/session.hpp"
#include "train/ports.hpp"

namespace lineament {

void for_each_prediction(const Network& network, const SampleSource& samples, const EvaluationOptions& options,
                         const PredictionCallback& on_prediction) {
  if (!on_prediction) throw ArgumentError({"for_each_prediction", "there is no callback", "a function", "none", ""});
  require_fit(network, samples, "the samples");
  if (samples.size() == 0)
    throw ArgumentError({"samples", "there are none to measure the network on", "at least one", "none", ""});
  const std::size_t pixels = samples.pixels_per_sample(), values = samples.values_per_sample();
  const std::size_t weights = samples.weighted() ? values : 0;
  const std::size_t batch = std::min<std::size_t>(16, samples.size());
  InferenceSession session(network, {.batch = static_cast<int>(batch),
                                     .threads = options.threads,
                                     .precision = options.precision,
                                     .ranges = options.ranges});
  const Ports ports(network);
  std::vector<float> images(batch * pixels), truth(batch * values), weight(batch * weights), output;
  for (std::size_t first = 0; first < samples.size(); first += batch) {
    const std::size_t count = std::min(batch, samples.size() - first);
    session.threads().run(static_cast<int>(count), [&](int i, int) {
      const auto k = static_cast<std::size_t>(i);
      samples.prepare(first + k, Random(0), false,
                      {std::span(images).subspan(k * pixels, pixels), std::span(truth).subspan(k * values, values),
                       std::span(weight).subspan(k * weights, weights)});
    });
    load(session, ports.inputs, images);
    session.forward();
    const auto output_of = [&](std::size_t i) { return session.output(i); };
    for (std::size_t k = 0; k < count; ++k)
      on_prediction({first + k, sample_of(output_of, ports.outputs, k, output),
                     std::span<const float>(truth).subspan(k * values, values),
                     std::span<const float>(weight).subspan(k * weights, weights)});
  }
}

Means evaluate(const Network& network, const SampleSource& samples, const Metric& metric,
               const EvaluationOptions& options) {
  if (!metric) throw ArgumentError({"evaluate", "there is no metric", "a function", "none", "e.g. face_metric()"});
  NamedSums sums;
  for_each_prediction(network, samples, options,
                      [&](const Prediction& p) { sums.add(metric(p.judged(), p.truth, p.weights)); });
  return {.samples = sums.samples(), .loss = std::numeric_limits<double>::quiet_NaN(), .metrics = sums.means()};
}

std::vector<LayerRange> calibrate(const Network& network, const SampleSource& samples, int threads, std::size_t count) {
  require_fit(network, samples, "the samples");
  count = std::min(count, samples.size());
  const std::size_t pixels = samples.pixels_per_sample();
  std::vector<float> images(count * pixels), values(samples.values_per_sample()),
      weights(samples.weighted() ? values.size() : 0);
  for (std::size_t i = 0; i < count; ++i)
    samples.prepare(i * samples.size() / count, Random(0), false,
                    {std::span(images).subspan(i * pixels, pixels), values, weights});
  return measure_ranges(network, images, threads);
}

}  // namespace lineament
