#include "lineament/landmarker/spread_calibration.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

constexpr std::size_t kFewest = 1000;  // points: 15 faces
constexpr double kSteepest = 8;

/// The logarithm of what is expected, and the error.
using Pairs = std::vector<std::pair<double, double>>;

Pairs pairs_of(std::span<const MeasuredFace> faces, const Scheme& scheme) {
  Pairs pairs;
  for (const MeasuredFace& face : faces) {
    const auto unit = static_cast<double>(spread_unit(face.predicted, 1, scheme));
    for (std::size_t i = 0; i < face.spread.size(); ++i)
      if (is_known(face.truth[i]) && face.spread[i] > 0)
        pairs.emplace_back(std::log(static_cast<double>(face.spread[i]) / unit),
                           static_cast<double>(distance(face.predicted[i], face.truth[i])) / unit);
  }
  return pairs;
}

struct Sums {
  double weight = 0, expected = 0;  // sums of error / expected ^ exponent, and of that times log(expected)
};
Sums sums_of(const Pairs& pairs, double exponent) {
  Sums sums;
  for (const auto& [expected, error] : pairs) {
    const double weight = error * std::exp(-exponent * expected);
    sums.weight += weight;
    sums.expected += weight * expected;
  }
  return sums;
}

}  // namespace

SpreadCalibration fit_spread(std::span<const MeasuredFace> faces, const Scheme& scheme) {
  const Pairs pairs = pairs_of(faces, scheme);
  if (pairs.size() < kFewest)
    throw ArgumentError({"spread", "too few points say how far they are expected to be off", std::to_string(kFewest),
                         std::to_string(pairs.size()),
                         pairs.empty() ? "use a network with the output 'spread'" : "measure more faces"});
  double mean = 0;
  for (const auto& pair : pairs) mean += pair.first / static_cast<double>(pairs.size());
  // With e the errors and z the logarithms of what is expected, the log-likelihood's derivative by the exponent is that
  // of mean(z) * exponent + log(mean(e exp(-exponent z))), which is convex: its derivative has one zero.
  const auto rises = [&](double exponent) {
    const Sums sums = sums_of(pairs, exponent);
    return sums.weight > 0 && mean > sums.expected / sums.weight;
  };
  if (rises(0))
    throw ArgumentError({"spread", "points are no further off the less sure of them the model is", "", "",
                         "train the network on more faces"});
  double low = 0, high = kSteepest;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (rises(middle) ? high : low) = middle;
  }
  const double factor = sums_of(pairs, low).weight / static_cast<double>(pairs.size());
  if (!(factor > 0))
    throw ArgumentError({"spread", "every point is exactly where it was annotated", "faces that people annotated", "",
                         "measure other faces"});
  return {factor, low, pairs.size()};
}

void calibrate_spread(Network& network, const SpreadCalibration& c) {
  const auto& outputs = network.outputs();
  const auto port = std::find_if(outputs.begin(), outputs.end(), [](const Port& p) { return p.name == kSpreadOutput; });
  const auto output = static_cast<std::size_t>(port - outputs.begin());
  if (port == outputs.end() || !std::holds_alternative<Dense>(network.spec()[port->node].layer) ||
      !network.has_output_bias(output))
    throw SpecError({"spread", "there is nothing to calibrate",
                     "a dense layer with a bias that makes the output 'spread'", "", ""});
  // The output is log(expected / one).
  const double one = static_cast<double>(spread_of(0, 1)),
               shift = std::log(c.factor) + (c.exponent - 1) * std::log(one);
  for (const ParamInfo& p : network.params_of(port->node)) {
    const double more = p.name.ends_with(".bias") ? shift : 0;
    for (float& v : network.values(p)) v = static_cast<float>(c.exponent * static_cast<double>(v) + more);
  }
}

}  // namespace lineament
