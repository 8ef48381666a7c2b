// What training and measuring need to know of faces: the NME as a loss, the measures that people watch, and the results
// over many faces. The trainer itself (train/) knows samples and values only.
#pragma once
#include <array>
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

/// A Metric: NME, PCK@0.1, AUC@8 and FR@8 of one face, whose output and truth are two values for each point of the
/// scheme. Points of weight 0 are left out, and a face is not counted that has none left or whose eye corners are among
/// them. It throws ArgumentError for another number of values, and for a truth without size.
Metric face_metric(const Scheme& scheme = ibug_68());

/// The NME itself as a Loss, as a fraction (0.05 is an NME of 5 %): the mean over points of the distance to the true
/// point, divided by the true distance of the eye corners. A point's weight is the smaller of its two values'; points
/// of a face whose eye corners have the weight 0 do not count. The gradient of a point exactly in place is 0. Throws
/// ArgumentError for another number of values a sample, and for true eye corners in one place.
struct NmeLoss {
  int points = kPoints;
  std::array<int, 2> eye_corners{36, 45};

  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const;
};

/// The losses for landmarks, in the order help lists them: those of losses() that are not for classes, and "nme".
std::vector<NamedLoss> face_losses(const Scheme& scheme = ibug_68());

/// Measures `network` on faces, not augmented, on one after the other. Faces of which an eye is not known are left
/// out, and `on_prediction` is not called for them: nothing can be measured by their size. Throws SpecError when the
/// network does not fit the samples, ArgumentError when they are no faces of the scheme or none can be measured, and
/// what preparing a sample throws.
Evaluation evaluate_faces(const Network& network, const SampleSource& faces, const EvaluationOptions& options = {},
                          const PredictionCallback& on_prediction = {}, const Scheme& scheme = ibug_68());

extern template float NmeLoss::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                          detail::Out<float>, int) const;
extern template double NmeLoss::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                           detail::Out<double>, int) const;

}  // namespace lineament
