// What training and measuring need to know of faces: the NME as a loss, the measures that people watch, and the results
// over many faces. The trainer itself (train/) knows samples and values only.
#pragma once
#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/losses.hpp"
#include "lineament/train/metrics.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// The names of what face_metric() gives: NME, inter-ocular, in %; the others are shares, in [0, 1].
inline constexpr std::string_view kNme = "NME", kPck = "PCK@0.1", kAuc = "AUC@8", kFailureRate = "FR@8";

/// A Metric: NME, PCK@0.1, AUC@8 and FR@8 of one face, whose output and truth are 136 values. Points of weight 0 are
/// left out, and a face that has none left is not counted. Throws ArgumentError for other than 136 values, and for a
/// truth without size.
std::vector<NamedValue> face_metric(std::span<const float> output, std::span<const float> truth,
                                    std::span<const float> weights);

/// The NME itself as a Loss, as a fraction (0.05 is an NME of 5 %): the mean over the 68 points of the distance to the
/// true point, divided by the true |p36 - p45|. A point's weight is the smaller of its two values'. The gradient of a
/// point exactly in place is 0. Throws ArgumentError for other than 136 values a sample, and for true eye corners in
/// one place.
struct NmeLoss {
  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const;
};

/// The losses for landmarks, in the order help lists them: those of losses() that are not for classes, and "nme".
std::span<const NamedLoss> face_losses();

/// Measures `network` on faces, not augmented, on one after the other. Throws SpecError when it does not fit the
/// samples, ArgumentError when they are no faces or there are none, and what preparing a sample throws.
Evaluation evaluate_faces(const Network& network, const SampleSource& faces, const EvaluationOptions& options = {},
                          const PredictionCallback& on_prediction = {});

extern template float NmeLoss::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                          detail::Out<float>, int) const;
extern template double NmeLoss::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                           detail::Out<double>, int) const;

}  // namespace lineament
