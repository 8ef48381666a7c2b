#include "lineament/landmarker/face_losses.hpp"

#include <cmath>
#include <memory>
#include <mutex>
#include <numbers>
#include <optional>

#include "landmarker/face_weights.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/threads.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament {
namespace {

constexpr std::array<std::string_view, 2> kLikelihoods{"laplace", "gaussian"};
constexpr double kUnit = 20;  // of errors: about where those of a trained network lie, at s = 0
constexpr double kLowest = -6, kHighest = 3, kNarrowest = 0.05;

/// Of one x or y: the value, and its slopes by u and by s.
struct LawTerm {
  double value, by_error, by_scale;
};
LawTerm law_term(ErrorLaw law, double u, double s) {
  if (law == ErrorLaw::laplace) return {u + s, 1, 1 - u};
  const double square = u * u / std::numbers::pi;
  return {square + s, 2 * u / std::numbers::pi, 1 - 2 * square};
}

const char* name_of(ErrorLaw law) {
  return kLikelihoods[static_cast<std::size_t>(law)].data();
}

}  // namespace

template <std::floating_point T>
T PointLikelihood::operator()(std::span<const T> output, detail::In<T> scales, detail::In<T> truth,
                              detail::In<T> weights, detail::Out<T> gradient, detail::Out<T> scale_gradient,
                              int batch) const {
  const char* loss = name_of(law);
  detail::check_sizes(loss, output.size(), truth.size(), weights.size(), gradient.size(), batch);
  require_faces(("loss " + std::string(loss)).c_str(), output.size() / static_cast<std::size_t>(batch), points);
  if (2 * scales.size() != output.size() || (scale_gradient.size() != scales.size() && !scale_gradient.empty()))
    wrong_size(loss, "the scales do not fit", std::to_string(output.size() / 2) + ", one a point", scales.size());
  const auto values = static_cast<std::size_t>(2 * points);
  const auto counts = [&](std::size_t face) {
    return has_corners<T>(weights.empty() ? weights : weights.subspan(face, values), eye_corners);
  };
  detail::sum_of_weights<T>(loss, weights, output.size());
  double total = 0, sum = 0;
  for (std::size_t face = 0; face < output.size(); face += values)
    if (counts(face))
      total += detail::sum_of_weights<T>(loss, weights.empty() ? weights : weights.subspan(face, values), values);
  std::fill(gradient.begin(), gradient.end(), T(0));
  std::fill(scale_gradient.begin(), scale_gradient.end(), T(0));
  for (std::size_t face = 0; face < output.size() && total > 0; face += values) {
    if (!counts(face)) continue;
    const double length =
        std::max(kNarrowest, true_inter_ocular<T>(loss, truth.subspan(face, values), eye_corners, face / values));
    for (std::size_t i = face; i < face + values; ++i) {
      const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
      if (!(weight > 0)) continue;
      const double given = static_cast<double>(scales[i / 2]), s = std::clamp(given, kLowest, kHighest);
      const double e = static_cast<double>(output[i]) - static_cast<double>(truth[i]);
      const double per_error = kUnit * std::exp(-s) / length, share = weight / total;
      const LawTerm t = law_term(law, per_error * std::abs(e), s);
      sum += share * t.value;
      if (!gradient.empty()) gradient[i] = static_cast<T>(share * t.by_error * per_error * detail::sign(e));
      if (!scale_gradient.empty() && given == s) scale_gradient[i / 2] += static_cast<T>(share * t.by_scale);
    }
  }
  return static_cast<T>(sum);
}

float spread_of(float s, float inter_ocular) {
  const double clamped = std::clamp(static_cast<double>(s), kLowest, kHighest);
  return static_cast<float>(1.6 * std::exp(clamped) / kUnit) * inter_ocular;
}

float spread_unit(const Landmarks& predicted, float crop_side, const Scheme& scheme) {
  return std::max(inter_ocular(predicted, scheme), 0.2f * crop_side);
}

template float PointLikelihood::operator()(std::span<const float>, detail::In<float>, detail::In<float>,
                                           detail::In<float>, detail::Out<float>, detail::Out<float>, int) const;
template double PointLikelihood::operator()(std::span<const double>, detail::In<double>, detail::In<double>,
                                            detail::In<double>, detail::Out<double>, detail::Out<double>, int) const;

template <std::floating_point T>
T FaceCrossEntropy::operator()(std::span<const T> output, detail::In<T> weights, detail::Out<T> gradient,
                               int batch) const {
  const auto faces = static_cast<std::size_t>(batch), values = static_cast<std::size_t>(2 * points);
  if (batch < 1 || output.size() != faces || (gradient.size() != faces && !gradient.empty()) ||
      (weights.size() != faces * values && !weights.empty()))
    wrong_size("of faces", "the output or the weights do not fit",
               batch < 1 ? "a batch of 1 or more" : std::to_string(faces) + " and that times " + std::to_string(values),
               output.size());
  detail::sum_of_weights<T>("of faces", weights, faces * values);
  double sum = 0;
  for (std::size_t i = 0; i < faces; ++i) {
    const auto own = weights.empty() ? weights : weights.subspan(i * values, values);
    const bool face = own.empty() || std::any_of(own.begin(), own.end(), [](T w) { return w > 0; });
    const double z = static_cast<double>(output[i]) * (face ? 1 : -1);  // log odds of what is true
    const double e = std::exp(-std::abs(z));
    sum += std::log1p(e) + std::max(0.0, -z);
    const double miss = (z > 0 ? e : 1) / (1 + e);
    if (!gradient.empty()) gradient[i] = static_cast<T>((face ? -miss : miss) / static_cast<double>(faces));
  }
  return static_cast<T>(sum / static_cast<double>(faces));
}

template float FaceCrossEntropy::operator()(std::span<const float>, detail::In<float>, detail::Out<float>, int) const;
template double FaceCrossEntropy::operator()(std::span<const double>, detail::In<double>, detail::Out<double>,
                                             int) const;

namespace {

using OutputList = std::span<const OutputBatch<float>>;

std::string names_of(const Network& network) {
  std::string names;
  for (const Port& output : network.outputs()) names += (names.empty() ? "" : ", ") + output.name;
  return names;
}

[[noreturn]] void missing(const std::string& what, std::string_view output, const Network& network) {
  throw ArgumentError({what, "the network has no output '" + std::string(output) + "'",
                       "one, as compact, tiny and large have", names_of(network),
                       output == kSpreadOutput ? "take another loss, e.g. wing, or another network"
                                               : "leave the term out, or take another network"});
}

const OutputBatch<float>* find(OutputList outputs, std::string_view name) {
  for (const OutputBatch<float>& output : outputs)
    if (output.name == name) return &output;
  return nullptr;
}

void scale(std::span<float> gradient, double factor) {
  for (float& g : gradient) g *= static_cast<float>(factor);
}

/// The loss of the points, or of coarse ones, with its gradient.
using PointLoss = std::function<double(const OutputBatch<float>& points, const OutputBatch<float>* spread,
                                       std::span<float> spread_gradient, std::span<const float> truth,
                                       std::span<const float> weights, int batch)>;

PointLoss point_loss(std::string_view name, const Scheme& scheme) {
  require_face_loss(name, scheme);
  for (const ErrorLaw law : {ErrorLaw::laplace, ErrorLaw::gaussian})
    if (name == name_of(law))
      return [likelihood = PointLikelihood{law, scheme.points, scheme.eye_corners}](
                 const auto& points, const auto* spread, std::span<float> spread_gradient, auto truth, auto weights,
                 int batch) -> double {
        return static_cast<double>(
            likelihood(points.values, spread->values, truth, weights, points.gradient, spread_gradient, batch));
      };
  return [loss = loss_by_name(name, face_losses(scheme))](const auto& points, const auto*, auto, auto truth,
                                                          auto weights, int batch) {
    return loss(points.values, truth, weights, points.gradient, batch);
  };
}

/// What the network says by an output's name must be as many numbers as the scheme has points for.
void check_size(const Network& network, std::string_view name, int wanted) {
  for (const Port& output : network.outputs()) {
    const auto got =
        static_cast<int>(name == kHeatmapsOutput && output.shape.rank() == 3 ? output.shape[2] : output.shape.size());
    if (output.name == name && got != wanted)
      throw ArgumentError({"network", "its output '" + output.name + "' does not fit the points",
                           std::to_string(wanted), std::to_string(got),
                           "change the layer of this name, or give it another name"});
  }
}

/// What of the terms the network can and must have.
void check_terms(std::string_view name, const Network& network, const FaceLossTerms& terms, const Scheme& scheme) {
  check_size(network, kSpreadOutput, scheme.points);
  check_size(network, kCoarseOutput, scheme.values());
  check_size(network, kHeatmapsOutput, scheme.points);
  check_size(network, kFaceOutput, 1);
  const std::string loss = "loss " + std::string(name);
  const bool spread = has_output(network, kSpreadOutput);
  if (needs_spread(name) && !spread) missing(loss, kSpreadOutput, network);
  if (!needs_spread(name) && spread)
    throw ArgumentError({loss, "by it the network's output 'spread' would learn nothing", "laplace or gaussian",
                         std::string(name), "take one of these, or a network without this output"});
  if (terms.heatmaps > 0 && !has_output(network, kHeatmapsOutput)) missing("heat maps", kHeatmapsOutput, network);
  for (const double factor : {terms.coarse, terms.heatmaps, terms.face})
    if (!(factor >= 0 && std::isfinite(factor)))
      throw ArgumentError({loss, "a term's factor is out of range", "0 or more", std::to_string(factor), ""});
}

/// Of one loss and its copies, which ranks in one process may call at once.
struct SharedTeam {
  explicit SharedTeam(int count) : threads(count) {}
  std::mutex mutex;
  Threads threads;
};

}  // namespace

std::vector<std::string> face_loss_names(const Scheme& scheme) {
  std::vector<std::string> names(kLikelihoods.begin(), kLikelihoods.end());
  for (const NamedLoss& loss : face_losses(scheme)) names.emplace_back(loss.name);
  return names;
}

void require_face_loss(std::string_view name, const Scheme& scheme) {
  std::string known;
  for (const std::string& loss : face_loss_names(scheme)) {
    if (loss == name) return;
    known += (known.empty() ? "" : ", ") + loss;
  }
  throw ArgumentError({"loss", "there is no loss of this name", known, "'" + std::string(name) + "'", ""});
}

bool needs_spread(std::string_view loss) {
  return std::find(kLikelihoods.begin(), kLikelihoods.end(), loss) != kLikelihoods.end();
}

bool has_output(const Network& network, std::string_view name) {
  return std::any_of(network.outputs().begin(), network.outputs().end(),
                     [&](const Port& output) { return output.name == name; });
}

std::vector<std::string> face_loss_own_outputs(const Network& network) {
  if (!has_output(network, kHeatmapsOutput)) return {};
  return {std::string(kHeatmapsOutput)};
}

JointLoss joint_face_loss(std::string_view name, const Network& network, const FaceLossTerms& terms,
                          const Scheme& scheme, int threads) {
  const PointLoss loss = point_loss(name, scheme);
  check_terms(name, network, terms, scheme);
  const auto team = std::make_shared<SharedTeam>(terms.heatmaps > 0 ? threads : 1);
  HeatmapDivergence divergence{.points = scheme.points};
  const FaceCrossEntropy faces{.points = scheme.points};
  for (const Port& output : network.outputs())
    if (output.name == kHeatmapsOutput)
      divergence.height = output.shape.height(), divergence.width = output.shape.width();
  return [=](OutputList outputs, std::span<const float> truth, std::span<const float> weights, int batch) {
    const OutputBatch<float>* spread = find(outputs, kSpreadOutput);
    double value = loss(outputs[0], spread, spread ? spread->gradient : std::span<float>(), truth, weights, batch);
    if (const auto* coarse = find(outputs, kCoarseOutput); coarse && terms.coarse > 0) {
      value += terms.coarse * loss(*coarse, spread, {}, truth, weights, batch);
      scale(coarse->gradient, terms.coarse);
    }
    if (const auto* maps = find(outputs, kHeatmapsOutput); maps && terms.heatmaps > 0) {
      const std::lock_guard lock(team->mutex);
      const std::optional<std::size_t> first = maps->own ? std::optional(maps->own->first) : std::nullopt;
      (maps->own ? maps->own->value : value) +=
          terms.heatmaps *
          static_cast<double>(divergence(maps->values, truth, weights, maps->gradient, batch, &team->threads, first));
      scale(maps->gradient, terms.heatmaps);
    }
    if (const auto* face = find(outputs, kFaceOutput); face && terms.face > 0) {
      value += terms.face * static_cast<double>(faces(face->values, weights, face->gradient, batch));
      scale(face->gradient, terms.face);
    }
    return value;
  };
}

}  // namespace lineament
