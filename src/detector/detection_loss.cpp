#include "lineament/detector/detection_loss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "lineament/error.hpp"
#include "lineament/zoo/detector_network.hpp"

namespace lineament {
namespace {

using detail::ValueAndSlope;

/// (1 - p)^focus log(1 / p), p the probability of log odds z.
ValueAndSlope focal(double z, double focus) {
  const double q = 1 / (1 + std::exp(z)), p = 1 - q;
  const double log_p = z > 0 ? -std::log1p(std::exp(-z)) : z - std::log1p(std::exp(z));
  const double scale = std::pow(q, focus);
  return {-scale * log_p, -scale * (q - focus * p * log_p)};
}

/// 1 - generalised IoU of two boxes around one cell, given by the logs of their distances to the edges.
double box_loss(const std::array<double, 4>& log, const std::array<double, 4>& true_log, std::array<double, 4>& slope) {
  constexpr auto kMostLog = static_cast<double>(kMostCellLog);
  std::array<double, 4> d, t, both, hull;
  for (std::size_t i = 0; i < 4; ++i) {
    d[i] = std::exp(std::clamp(log[i], -kMostLog, kMostLog));
    t[i] = std::exp(true_log[i]);
    both[i] = std::min(d[i], t[i]);
    hull[i] = std::max(d[i], t[i]);
  }
  const auto area = [](const std::array<double, 4>& e) { return (e[0] + e[2]) * (e[1] + e[3]); };
  const double i = area(both), u = area(d) + area(t) - i, c = area(hull);
  for (std::size_t k = 0; k < 4; ++k) {
    const std::size_t a = k % 2 == 0 ? 1 : 0;  // the edges across
    const double by_d = d[a] + d[a + 2], by_i = d[k] < t[k] ? both[a] + both[a + 2] : 0,
                 by_c = d[k] > t[k] ? hull[a] + hull[a + 2] : 0, by_u = by_d - by_i;
    const double by_edge = -(by_i * u - i * by_u) / (u * u) - (by_u * c - u * by_c) / (c * c);
    slope[k] = std::abs(log[k]) < kMostLog ? by_edge * d[k] : 0;
  }
  return 2 - i / u - u / c;
}

/// |e|, rounded near 0.
ValueAndSlope distance(double e) {
  constexpr double kRound = 0.05;
  if (std::abs(e) < kRound) return {e * e / (2 * kRound) + kRound / 2, e / kRound};
  return {std::abs(e), e > 0 ? 1.0 : -1.0};
}

void require_size(const char* what, std::size_t wanted, std::size_t got) {
  if (wanted != got)
    throw ArgumentError({"detection loss", std::string("wrong number of ") + what, std::to_string(wanted),
                         std::to_string(got), "see faces_to_cells()"});
}

/// One cell: its part of the loss, and the gradient, which is scaled by `unit`.
template <class T>
double cell_loss(const DetectionLoss& loss, const T* output, const T* truth, const T* weights, double unit,
                 T* gradient) {
  double sum = 0;
  const bool face = truth[0] > T(0.5);
  if (weights[0] > T(0)) {
    const double sign = face ? 1 : -1, share = face ? loss.share : 1 - loss.share;
    const ValueAndSlope f = focal(sign * static_cast<double>(output[0]), loss.focus);
    sum += share * f.value;
    gradient[0] = static_cast<T>(unit * share * sign * f.slope);
  }
  if (!(weights[1] > T(0))) return sum;
  std::array<double, 4> log, true_log, slope;
  for (std::size_t i = 0; i < 4; ++i) {
    log[i] = static_cast<double>(output[1 + i]);
    true_log[i] = static_cast<double>(truth[1 + i]);
  }
  sum += loss.box * box_loss(log, true_log, slope);
  for (std::size_t i = 0; i < 4; ++i) gradient[1 + i] = static_cast<T>(unit * loss.box * slope[i]);
  const double side =
      std::max(std::exp(true_log[0]) + std::exp(true_log[2]), std::exp(true_log[1]) + std::exp(true_log[3]));
  for (std::size_t i = 5; i < kCellValues; ++i) {
    const ValueAndSlope e = distance((static_cast<double>(output[i]) - static_cast<double>(truth[i])) / side);
    sum += loss.eyes / 4 * e.value;
    gradient[i] = static_cast<T>(unit * loss.eyes / 4 * e.slope / side);
  }
  return sum;
}

}  // namespace

template <std::floating_point T>
double DetectionLoss::operator()(std::span<const OutputBatch<T>> outputs, detail::In<T> truth, detail::In<T> weights,
                                 int batch) const {
  require_size("outputs", kCellOutputs.size(), outputs.size());
  if (batch < 1) throw ArgumentError({"detection loss", "the batch is empty", "1 or more", std::to_string(batch), ""});
  const auto samples = static_cast<std::size_t>(batch);
  std::size_t values = 0;
  for (const OutputBatch<T>& output : outputs) {
    if (output.values.size() % (samples * kCellValues) != 0)
      throw ArgumentError({"detection loss", "an output is not of whole cells",
                           "a multiple of " + std::to_string(samples * kCellValues) + " values",
                           std::to_string(output.values.size()), "see faces_to_cells()"});
    require_size("values of a gradient", output.values.size(), output.gradient.size());
    values += output.values.size() / samples;
  }
  require_size("true values", values * samples, truth.size());
  require_size("weights", values * samples, weights.size());
  double faces = 0;
  for (std::size_t i = 0; i < truth.size(); i += kCellValues) faces += weights[i + 1] > T(0) ? 1 : 0;
  const double unit = 1 / std::max(faces, 1.0);
  double sum = 0;
  std::size_t first = 0;  // of the output, in a sample's values
  for (const OutputBatch<T>& output : outputs) {
    const std::size_t size = output.values.size() / samples;
    for (std::size_t k = 0; k < output.values.size(); k += kCellValues) {
      const std::size_t at = k / size * values + first + k % size;
      sum += cell_loss(*this, output.values.data() + k, truth.data() + at, weights.data() + at, unit,
                       output.gradient.data() + k);
    }
    first += size;
  }
  return sum * unit;
}

template double DetectionLoss::operator()(std::span<const OutputBatch<float>>, detail::In<float>, detail::In<float>,
                                          int) const;
template double DetectionLoss::operator()(std::span<const OutputBatch<double>>, detail::In<double>, detail::In<double>,
                                          int) const;

}  // namespace lineament
