// What training minimises: the value of a batch of outputs and its gradient with respect to them.
// Wing: Feng et al., "Wing loss for robust facial landmark localisation with convolutional neural networks", CVPR 2018.
// SoftWing: Lin et al., "Structure-coherent deep feature learning for robust face alignment", IEEE TIP 2021.
#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "lineament/api.hpp"
#include "lineament/error.hpp"

namespace LINEAMENT_API lineament {

/// A loss is a function of a batch: (output, truth, weights, gradient, batch) -> value. Any function will do.
///
/// - output, truth: batch x values;
/// - weights: how much each value counts, as many as values, or none: all the same. A value of weight 0 is not looked
///   at, nor is its truth, which may be NaN;
/// - gradient: of the value with respect to each output, overwritten. Training always passes it whole; the losses below
///   also take none, which is "not wanted".
///
/// The losses below are plain values for any scalar (double makes gradient checks tight); lengths are in the unit of
/// the network's values (the crop's side). Their value is the mean over all values of the batch, weighted where there
/// are weights. Sums run in double and in index order. They throw ArgumentError for sizes that do not fit, for a weight
/// below 0, and for a parameter that is not above 0.
using Loss = std::function<double(std::span<const float> output, std::span<const float> truth,
                                  std::span<const float> weights, std::span<float> gradient, int batch)>;

namespace detail {

template <class T>
using In = std::type_identity_t<std::span<const T>>;
template <class T>
using Out = std::type_identity_t<std::span<T>>;

struct ValueAndSlope {
  double value, slope;
};

inline double sign(double x) {
  return static_cast<double>(x > 0) - static_cast<double>(x < 0);
}

/// Throws ArgumentError unless the spans are batch samples of one size (weights and gradient may be empty).
void check_sizes(const char* loss, std::size_t outputs, std::size_t truths, std::size_t weights, std::size_t gradients,
                 int batch);
[[noreturn]] void bad_weight(const char* loss, double got);
void require_positive(const char* loss, const char* parameter, float value);

/// Sum of the weights, `count` where there are none. Throws ArgumentError for one below 0 or not finite.
template <class T>
double sum_of_weights(const char* loss, std::span<const T> weights, std::size_t count) {
  if (weights.empty()) return static_cast<double>(count);
  double sum = 0;
  for (const T w : weights) {
    if (!(w >= 0 && std::isfinite(w))) bad_weight(loss, static_cast<double>(w));
    sum += static_cast<double>(w);
  }
  return sum;
}

/// The weighted mean of at(output - truth) over all values.
template <class T, class At>
T elementwise(const char* loss, std::span<const T> output, std::span<const T> truth, std::span<const T> weights,
              std::span<T> gradient, int batch, At at) {
  check_sizes(loss, output.size(), truth.size(), weights.size(), gradient.size(), batch);
  const double total = sum_of_weights(loss, weights, output.size()), share = total > 0 ? 1.0 / total : 0.0;
  double sum = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
    ValueAndSlope here{0, 0};
    if (weight > 0) here = at(static_cast<double>(output[i]) - static_cast<double>(truth[i]));
    sum += weight * here.value;
    if (!gradient.empty()) gradient[i] = static_cast<T>(share * (weight * here.slope));
  }
  return static_cast<T>(share * sum);
}

}  // namespace detail

/// x^2 with x = output - truth (PyTorch's MSELoss; there is no factor 1/2).
struct L2 {
  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const {
    return detail::elementwise<T>("l2", output, truth, weights, gradient, batch, [](double x) {
      return detail::ValueAndSlope{x * x, 2 * x};
    });
  }
};

/// |x| (PyTorch's L1Loss). The gradient at 0 is 0.
struct L1 {
  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const {
    return detail::elementwise<T>("l1", output, truth, weights, gradient, batch, [](double x) {
      return detail::ValueAndSlope{std::abs(x), detail::sign(x)};
    });
  }
};

/// x^2 / (2 beta) where |x| < beta, |x| - beta / 2 elsewhere (PyTorch's SmoothL1Loss).
struct SmoothL1 {
  float beta = 2.0f / 128;  ///< where the parabola ends; 2 pixels of a 128x128 crop

  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const {
    detail::require_positive("smooth-l1", "beta", beta);
    return detail::elementwise<T>("smooth-l1", output, truth, weights, gradient, batch,
                                  [b = static_cast<double>(beta)](double x) -> detail::ValueAndSlope {
                                    const double a = std::abs(x);
                                    if (a < b) return {x * x / (2 * b), x / b};
                                    return {a - b / 2, detail::sign(x)};
                                  });
  }
};

/// w ln(1 + |x| / epsilon) where |x| < w, |x| - C elsewhere, C = w - w ln(1 + w / epsilon). The gradient at 0 is 0.
struct Wing {
  float w = 10.0f / 128;       ///< where the logarithm ends; the paper's 10 pixels
  float epsilon = 2.0f / 128;  ///< the logarithm's curvature; the paper's 2 pixels
  friend bool operator==(const Wing&, const Wing&) = default;

  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const {
    detail::require_positive("wing", "w", w);
    detail::require_positive("wing", "epsilon", epsilon);
    return detail::elementwise<T>(
        "wing", output, truth, weights, gradient, batch,
        [end = static_cast<double>(w), e = static_cast<double>(epsilon)](double x) -> detail::ValueAndSlope {
          const double a = std::abs(x);
          if (a < end) return {end * std::log1p(a / e), detail::sign(x) * end / (e + a)};
          return {a - (end - end * std::log1p(end / e)), detail::sign(x)};
        });
  }
};

/// |x| where |x| < w1, w2 ln(1 + |x| / epsilon) + B elsewhere, B = w1 - w2 ln(1 + w1 / epsilon): errors of a few pixels
/// pull hardest, smaller ones no more than with l1, and far outliers little. The gradient at 0 is 0.
struct SoftWing {
  float w1 = 2.0f / 128;       ///< where the logarithm begins; the paper's 2 pixels
  float w2 = 20.0f / 128;      ///< its height; the paper's 20 pixels
  float epsilon = 0.5f / 128;  ///< its curvature; the paper's 0.5 pixels

  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const {
    detail::require_positive("soft-wing", "w1", w1);
    detail::require_positive("soft-wing", "w2", w2);
    detail::require_positive("soft-wing", "epsilon", epsilon);
    return detail::elementwise<T>(
        "soft-wing", output, truth, weights, gradient, batch,
        [begin = static_cast<double>(w1), height = static_cast<double>(w2),
         e = static_cast<double>(epsilon)](double x) -> detail::ValueAndSlope {
          const double a = std::abs(x);
          if (a < begin) return {a, detail::sign(x)};
          return {begin + height * (std::log1p(a / e) - std::log1p(begin / e)), detail::sign(x) * height / (e + a)};
        });
  }
};

/// -sum t ln softmax(x): for classifiers, whose truth is a 1 for the class and 0 for the others, or a probability for
/// each. The mean is over samples (over rows of `classes` values), not over values. Where there are weights, they are
/// those of the classes' terms; a row whose weights are all 0 is left out, and of the others the truth is looked at as
/// a whole. Throws ArgumentError for a truth that is not a distribution.
struct CrossEntropy {
  int classes = 0;  ///< values of one distribution; 0: all values of a sample

  template <std::floating_point T>
  T operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights, detail::Out<T> gradient,
               int batch) const;
};

/// A loss as the command line and files name it.
struct NamedLoss {
  std::string_view name;       ///< "smooth-l1"
  std::string_view help;       ///< one line
  std::function<Loss()> make;  ///< with its default parameters
  bool of_classes = false;     ///< the truth is a distribution over classes
};

/// Every loss of this file, in the order help lists them.
std::span<const NamedLoss> losses();

/// The loss of that name. Throws ArgumentError, listing the names.
Loss loss_by_name(std::string_view name, std::span<const NamedLoss> table = losses());

// ---------------------------------------------------------------------------------------------------------------------

namespace detail {

void check_classes(int classes, std::size_t values);
[[noreturn]] void not_a_distribution(std::size_t row, double sum);

/// Whether any value of a row counts.
template <class T>
bool counts(std::span<const T> weights) {
  return weights.empty() || std::any_of(weights.begin(), weights.end(), [](T w) { return w > 0; });
}

/// sum w t of a row: 1 without weights. Throws ArgumentError unless t is 0 or more, and 1 in all.
template <class T>
double weighted_mass(std::span<const T> truth, std::span<const T> weights, std::size_t row) {
  double sum = 0, mass = 0;
  bool negative = false;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double t = static_cast<double>(truth[i]);
    negative = negative || t < 0;
    sum += t;
    mass += weights.empty() ? t : t * static_cast<double>(weights[i]);
  }
  constexpr double kRounding = 1e-3;  // why so much: a thousand probabilities in float
  if (negative || !(std::abs(sum - 1) <= kRounding)) not_a_distribution(row, sum);
  return mass;
}

}  // namespace detail

template <std::floating_point T>
T CrossEntropy::operator()(std::span<const T> output, detail::In<T> truth, detail::In<T> weights,
                           detail::Out<T> gradient, int batch) const {
  detail::check_sizes("cross-entropy", output.size(), truth.size(), weights.size(), gradient.size(), batch);
  const std::size_t per_sample = output.size() / static_cast<std::size_t>(batch);
  detail::check_classes(classes, per_sample);
  const std::size_t n = classes > 0 ? static_cast<std::size_t>(classes) : per_sample;
  detail::sum_of_weights<T>("cross-entropy", weights, output.size());
  const auto row_of = [n](auto all, std::size_t first) { return all.empty() ? all : all.subspan(first, n); };

  double total = 0;
  for (std::size_t first = 0; first < output.size(); first += n)
    if (const auto w = row_of(weights, first); detail::counts<T>(w))
      total += detail::weighted_mass<T>(truth.subspan(first, n), w, first / n);
  const double share = total > 0 ? 1.0 / total : 0.0;

  double sum = 0;
  for (std::size_t first = 0; first < output.size(); first += n) {
    const auto x = output.subspan(first, n), t = truth.subspan(first, n), w = row_of(weights, first);
    const auto dx = row_of(gradient, first);
    if (!detail::counts<T>(w)) {
      std::fill(dx.begin(), dx.end(), T(0));
      continue;
    }
    // The largest output is taken off first: exp of anything else might be infinite.
    const double largest = static_cast<double>(*std::max_element(x.begin(), x.end()));
    double exponentials = 0;
    for (const T v : x) exponentials += std::exp(static_cast<double>(v) - largest);
    const double log_sum = largest + std::log(exponentials);
    const auto term = [&](std::size_t i) {
      return w.empty() ? static_cast<double>(t[i]) : static_cast<double>(t[i]) * static_cast<double>(w[i]);
    };
    double mass = 0;
    for (std::size_t i = 0; i < n; ++i) {
      mass += term(i);
      if (term(i) != 0) sum += term(i) * (log_sum - static_cast<double>(x[i]));
    }
    for (std::size_t i = 0; i < dx.size(); ++i)
      dx[i] = static_cast<T>(share * (mass * std::exp(static_cast<double>(x[i]) - log_sum) - term(i)));
  }
  return static_cast<T>(share * sum);
}

}  // namespace lineament
