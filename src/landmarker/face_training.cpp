#include "lineament/landmarker/face_training.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "landmarker/face_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"

namespace lineament {
Metric face_metric(const Scheme& scheme) {
  return [scheme](std::span<const float> output, std::span<const float> truth,
                  std::span<const float> weights) -> std::vector<NamedValue> {
    require_faces("face metric", output.size(), scheme.points);
    const Landmarks predicted = points_of(output), known = known_points(truth, weights);
    if (!has_corners(weights, scheme.eye_corners)) return {};
    const double error = nme(predicted, known, Normalisation::inter_ocular, scheme);
    const std::span<const double> errors(&error, 1);
    return {{std::string(kNme), error},
            {std::string(kPck), pck(predicted, known, 0.1, scheme), true},
            {std::string(kAuc), auc(errors), true},
            {std::string(kFailureRate), failure_rate(errors)}};
  };
}

template <std::floating_point T>
T NmeLoss::operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
                      int batch) const {
  detail::check_sizes("nme", output.size(), truth.size(), weights.size(), gradient.size(), batch);
  require_faces("loss nme", output.size() / static_cast<std::size_t>(batch), points);
  detail::sum_of_weights<T>("nme", weights, output.size());
  double total = 0;
  const auto values = static_cast<std::size_t>(2 * points);
  const auto counts = [&](std::size_t first) {
    return has_corners<T>(weights.empty() ? weights : weights.subspan(first, values), eye_corners);
  };
  for (std::size_t first = 0; first < output.size(); first += values)
    for (std::size_t i = first; counts(first) && i < first + values; i += 2) total += point_weight<T>(weights, i);
  std::fill(gradient.begin(), gradient.end(), T(0));
  double sum = 0;
  for (std::size_t first = 0; first < output.size(); first += values) {
    if (!counts(first)) continue;
    const double length = true_inter_ocular<T>("nme", truth.subspan(first, values), eye_corners, first / values);
    for (std::size_t i = first; i < first + values; i += 2) {
      const double weight = point_weight<T>(weights, i);
      if (!(weight > 0)) continue;
      const double share = weight / (total * length);
      const double dx = static_cast<double>(output[i]) - static_cast<double>(truth[i]);
      const double dy = static_cast<double>(output[i + 1]) - static_cast<double>(truth[i + 1]);
      const double distance = std::sqrt(dx * dx + dy * dy);
      sum += share * distance;
      if (gradient.empty() || !(distance > 0)) continue;
      gradient[i] = static_cast<T>(share * dx / distance);
      gradient[i + 1] = static_cast<T>(share * dy / distance);
    }
  }
  return static_cast<T>(sum);
}

template float NmeLoss::operator()(std::span<const float>, detail::In<float>, detail::In<float>, detail::Out<float>,
                                   int) const;
template double NmeLoss::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                    detail::Out<double>, int) const;

std::vector<NamedLoss> face_losses(const Scheme& scheme) {
  std::vector<NamedLoss> list;
  for (const NamedLoss& loss : losses())
    if (!loss.of_classes) list.push_back(loss);
  const NmeLoss nme{scheme.points, scheme.eye_corners};
  list.push_back({"nme", "the NME itself, as a fraction", [nme]() -> Loss { return nme; }});
  return list;
}

Evaluation evaluate_faces(const Network& network, const SampleSource& faces, const EvaluationOptions& options,
                          const PredictionCallback& on_prediction, const Scheme& scheme) {
  require_faces("samples", faces.values_per_sample(), scheme.points);
  Evaluator evaluator(scheme);
  for_each_prediction(network, faces, options, [&](const Prediction& p) {
    const Landmarks truth = known_points(p.truth, p.weights);
    if (!has_corners(p.weights, scheme.eye_corners)) return;
    if (!p.weights.empty() && !std::isfinite(inter_pupil(truth, scheme))) return;
    evaluator.add(points_of(p.judged()), truth);
    if (on_prediction) on_prediction(p);
  });
  return evaluator.result();
}

}  // namespace lineament
