#include "lineament/landmarker/face_training.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"

namespace lineament {
namespace {

void require_faces(const char* who, std::size_t values) {
  if (values == kValues) return;
  throw ArgumentError({.where = who,
                       .what = "it is defined for the 68-point scheme only",
                       .wanted = std::to_string(kValues) + " values a sample",
                       .got = std::to_string(values),
                       .fix = ""});
}

/// Any similarity of the coordinates cancels in every measure: pixels of a crop of side 1 will do.
Landmarks points_of(std::span<const float> values) {
  return values_to_crop_points(values, 1);
}

template <class T>
double true_inter_ocular(std::span<const T> sample, std::size_t index) {
  const auto at = [&](int point, int axis) {
    return static_cast<double>(sample[static_cast<std::size_t>(2 * point + axis)]);
  };
  const double d =
      std::hypot(at(kLeftEyeOuter, 0) - at(kRightEyeOuter, 0), at(kLeftEyeOuter, 1) - at(kRightEyeOuter, 1));
  // The smallest length that can be meant seriously: a millionth of the crop. NaN fails as well.
  if (!(d >= 1e-6)) {
    throw ArgumentError({.where = "loss nme, sample " + std::to_string(index) + " of the batch",
                         .what = "the true outer eye corners (points 36 and 45) are in one place",
                         .wanted = "a distance above 0",
                         .got = std::to_string(d),
                         .fix = "leave the sample out"});
  }
  return d;
}

/// The weight of the point whose x is value i.
template <class T>
double point_weight(std::span<const T> weights, std::size_t i) {
  return weights.empty() ? 1.0 : static_cast<double>(std::min(weights[i], weights[i + 1]));
}

Loss make_nme() {
  return NmeLoss{};
}

/// One face's NME in % and its PCK@0.1.
struct Errors {
  double nme = 0, pck = 0;
};

/// Over the points that count, of which there is one.
Errors errors_of_counted(const Landmarks& predicted, const Landmarks& truth, std::span<const float> weights) {
  const double length = normaliser(truth, Normalisation::inter_ocular);
  double sum = 0;
  int count = 0, correct = 0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    if (!(point_weight(weights, 2 * i) > 0)) continue;
    const double d = distance(predicted[i], truth[i]);
    sum += d;
    correct += d < 0.1 * length ? 1 : 0;
    ++count;
  }
  return {100 * sum / count / length, correct / static_cast<double>(count)};
}

bool any_counts(std::span<const float> weights) {
  for (std::size_t i = 0; i < weights.size(); i += 2)
    if (point_weight(weights, i) > 0) return true;
  return weights.empty();
}

}  // namespace

std::vector<NamedValue> face_metric(std::span<const float> output, std::span<const float> truth,
                                    std::span<const float> weights) {
  require_faces("face metric", output.size());
  if (!any_counts(weights)) return {};
  const Landmarks predicted = points_of(output), true_points = points_of(truth);
  const Errors e = weights.empty() ? Errors{nme(predicted, true_points), pck(predicted, true_points)}
                                   : errors_of_counted(predicted, true_points, weights);
  const std::span<const double> error(&e.nme, 1);
  return {{std::string(kNme), e.nme},
          {std::string(kPck), e.pck, true},
          {std::string(kAuc), auc(error), true},
          {std::string(kFailureRate), failure_rate(error)}};
}

template <std::floating_point T>
T NmeLoss::operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
                      int batch) const {
  detail::check_sizes("nme", output.size(), truth.size(), weights.size(), gradient.size(), batch);
  require_faces("loss nme", output.size() / static_cast<std::size_t>(batch));
  detail::sum_of_weights<T>("nme", weights, output.size());
  double total = 0;
  for (std::size_t i = 0; i < output.size(); i += 2) total += point_weight<T>(weights, i);
  std::fill(gradient.begin(), gradient.end(), T(0));
  double sum = 0;
  for (std::size_t first = 0; first < output.size(); first += kValues) {
    double length = 0;  // of a face with a point that counts
    for (std::size_t i = first; i < first + kValues; i += 2) {
      const double weight = point_weight<T>(weights, i);
      if (!(weight > 0)) continue;
      if (length == 0) length = true_inter_ocular<T>(truth.subspan(first, kValues), first / kValues);
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

std::span<const NamedLoss> face_losses() {
  static const std::vector<NamedLoss> table = [] {
    std::vector<NamedLoss> list;
    for (const NamedLoss& loss : losses())
      if (!loss.of_classes) list.push_back(loss);
    list.push_back({"nme", "the NME itself, as a fraction", make_nme});
    return list;
  }();
  return table;
}

Evaluation evaluate_faces(const Network& network, const SampleSource& faces, const EvaluationOptions& options,
                          const PredictionCallback& on_prediction) {
  require_faces("samples", faces.values_per_sample());
  Evaluator evaluator;
  for_each_prediction(network, faces, options, [&](const Prediction& p) {
    evaluator.add(points_of(p.output), points_of(p.truth));
    if (on_prediction) on_prediction(p);
  });
  return evaluator.result();
}

}  // namespace lineament
