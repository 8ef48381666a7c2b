// What training minimises: value and gradient of a batch of predictions, with respect to the predictions.
// Wing: Feng et al., "Wing loss for robust facial landmark localisation with convolutional neural networks", CVPR 2018.
#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "lineament/error.hpp"
#include "lineament/faces/landmarks.hpp"

namespace lineament {

/// A loss and its parameters: a plain value. All lengths are in the unit of the network's values (the crop's side).
///
/// Every loss is the mean over the batch of the mean over one sample. With x = prediction - target, a sample's mean is
/// - l2:        mean of x^2 (PyTorch's MSELoss; there is no factor 1/2);
/// - l1:        mean of |x| (PyTorch's L1Loss);
/// - smooth_l1: mean of x^2 / (2 beta) where |x| < beta, |x| - beta / 2 elsewhere (PyTorch's SmoothL1Loss);
/// - wing:      mean of w ln(1 + |x| / epsilon) where |x| < w, |x| - C elsewhere, C = w - w ln(1 + w / epsilon);
/// - nme:       mean over the 68 points of the distance to the true point, divided by the true |p36 - p45|:
///              the metric itself, as a fraction (0.05 is "5 %").
/// At a kink (x = 0 in l1 and wing, a point exactly in place in nme) the gradient is 0.
struct Loss {
  enum class Kind { l2, l1, smooth_l1, wing, nme };
  Kind kind = Kind::l2;
  float beta = 2.0f / 128;     ///< smooth_l1: where the parabola ends; 2 pixels of a 128x128 crop
  float w = 10.0f / 128;       ///< wing: where the logarithm ends; the paper's 10 pixels
  float epsilon = 2.0f / 128;  ///< wing: the logarithm's curvature; the paper's 2 pixels
  friend bool operator==(const Loss&, const Loss&) = default;
};

inline constexpr std::array<std::string_view, 5> kLossNames{"l2", "l1", "smooth-l1", "wing", "nme"};

/// "l2", "l1", "smooth-l1", "wing" or "nme": what loss_by_name() reads.
inline std::string_view name(const Loss& loss) {
  return kLossNames[static_cast<std::size_t>(loss.kind)];
}

/// The loss of that name with its default parameters. Throws ArgumentError, listing the names.
inline Loss loss_by_name(std::string_view wanted) {
  for (std::size_t i = 0; i < kLossNames.size(); ++i) {
    if (kLossNames[i] == wanted) return Loss{.kind = static_cast<Loss::Kind>(i)};
  }
  throw ArgumentError({.where = "loss",
                       .what = "there is no loss of this name",
                       .wanted = "l2, l1, smooth-l1, wing or nme",
                       .got = "'" + std::string(wanted) + "'",
                       .fix = ""});
}

namespace detail {

struct ValueAndSlope {
  double value, slope;
};

inline double sign(double x) {
  return static_cast<double>(x > 0) - static_cast<double>(x < 0);
}

inline ValueAndSlope l2(double x) {
  return {x * x, 2 * x};
}
inline ValueAndSlope l1(double x) {
  return {std::abs(x), sign(x)};
}
inline ValueAndSlope smooth_l1(double x, double beta) {
  const double a = std::abs(x);
  if (a < beta) return {x * x / (2 * beta), x / beta};
  return {a - beta / 2, sign(x)};
}
inline ValueAndSlope wing(double x, double w, double epsilon) {
  const double a = std::abs(x);
  if (a < w) return {w * std::log1p(a / epsilon), sign(x) * w / (epsilon + a)};
  return {a - (w - w * std::log1p(w / epsilon)), sign(x)};
}

/// Throws ArgumentError unless the spans are batch samples of one size (an empty gradient is "not wanted").
inline std::size_t values_per_sample(std::size_t predictions, std::size_t targets, std::size_t gradients, int batch) {
  const bool fits = batch > 0 && predictions > 0 && predictions % static_cast<std::size_t>(batch) == 0 &&
                    targets == predictions && (gradients == predictions || gradients == 0);
  if (!fits) {
    throw ArgumentError({.where = "loss",
                         .what = "predictions, targets and gradients do not fit together",
                         .wanted = "as many of each, a multiple of the batch",
                         .got = std::to_string(predictions) + ", " + std::to_string(targets) + " and " +
                                std::to_string(gradients) + " values for a batch of " + std::to_string(batch),
                         .fix = ""});
  }
  return predictions / static_cast<std::size_t>(batch);
}

template <std::floating_point T, class Element>
T elementwise(std::span<const T> prediction, std::span<const T> target, std::span<T> gradient, int batch,
              Element element) {
  // All samples are of one size, so the mean of their means is the mean of all values.
  values_per_sample(prediction.size(), target.size(), gradient.size(), batch);
  const double share = 1.0 / static_cast<double>(prediction.size());
  double sum = 0;
  for (std::size_t i = 0; i < prediction.size(); ++i) {
    const ValueAndSlope at = element(static_cast<double>(prediction[i]) - static_cast<double>(target[i]));
    sum += at.value;
    if (!gradient.empty()) gradient[i] = static_cast<T>(share * at.slope);
  }
  return static_cast<T>(share * sum);
}

template <std::floating_point T>
double true_inter_ocular(std::span<const T> sample, std::size_t index) {
  const auto at = [&](int point, int axis) { return static_cast<double>(sample[std::size_t(2 * point + axis)]); };
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

template <std::floating_point T>
T nme(std::span<const T> prediction, std::span<const T> target, std::span<T> gradient, int batch) {
  const std::size_t n = values_per_sample(prediction.size(), target.size(), gradient.size(), batch);
  if (n != kValues) {
    throw ArgumentError({.where = "loss nme",
                         .what = "it is defined for the 68-point scheme only",
                         .wanted = std::to_string(kValues) + " values a sample",
                         .got = std::to_string(n),
                         .fix = "choose another loss"});
  }
  double sum = 0;
  for (std::size_t sample = 0; sample < static_cast<std::size_t>(batch); ++sample) {
    const std::size_t first = sample * n;
    const double share = 1.0 / (kPoints * double(batch) * true_inter_ocular(target.subspan(first, n), sample));
    for (std::size_t i = first; i < first + n; i += 2) {
      const double dx = static_cast<double>(prediction[i]) - static_cast<double>(target[i]);
      const double dy = static_cast<double>(prediction[i + 1]) - static_cast<double>(target[i + 1]);
      const double distance = std::sqrt(dx * dx + dy * dy);
      sum += share * distance;
      if (gradient.empty()) continue;
      gradient[i] = distance > 0 ? static_cast<T>(share * dx / distance) : T(0);
      gradient[i + 1] = distance > 0 ? static_cast<T>(share * dy / distance) : T(0);
    }
  }
  return static_cast<T>(sum);
}

}  // namespace detail

/// The loss of a batch and, in `gradient`, its derivative by each predicted value (overwritten; an empty span: not
/// wanted). `prediction` and `target` are batch x values. Sums run in double and in index order.
/// Throws ArgumentError: sizes that do not fit, a parameter that is not above 0; for nme: other than 136 values a
/// sample, or true eye corners in one place.
template <std::floating_point T>
T value_and_gradient(const Loss& loss, std::span<const T> prediction, std::span<const T> target, std::span<T> gradient,
                     int batch) {
  const double beta = loss.beta, w = loss.w, epsilon = loss.epsilon;
  if (!(beta > 0 && w > 0 && epsilon > 0)) {
    throw ArgumentError({.where = "loss " + std::string(name(loss)),
                         .what = "a parameter is out of range",
                         .wanted = "beta, w and epsilon above 0",
                         .got = std::to_string(beta) + ", " + std::to_string(w) + ", " + std::to_string(epsilon),
                         .fix = ""});
  }
  switch (loss.kind) {
    case Loss::Kind::l1:
      return detail::elementwise(prediction, target, gradient, batch, detail::l1);
    case Loss::Kind::smooth_l1:
      return detail::elementwise(prediction, target, gradient, batch,
                                 [beta](double x) { return detail::smooth_l1(x, beta); });
    case Loss::Kind::wing:
      return detail::elementwise(prediction, target, gradient, batch,
                                 [w, epsilon](double x) { return detail::wing(x, w, epsilon); });
    case Loss::Kind::nme:
      return detail::nme(prediction, target, gradient, batch);
    case Loss::Kind::l2:
      break;
  }
  return detail::elementwise(prediction, target, gradient, batch, detail::l2);
}

}  // namespace lineament
