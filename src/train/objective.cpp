#include "train/objective.hpp"

#include <algorithm>
#include <cmath>

#include "lineament/error.hpp"
#include "train/names.hpp"

namespace lineament {
namespace {

void require_usable(const OutputLoss& loss, const std::vector<OutputPlace>& places) {
  const auto named = [&](const OutputPlace& place) { return place.name == loss.output; };
  if (std::none_of(places.begin(), places.end(), named))
    throw ArgumentError({"FitOptions::losses", "the network has no output of this name",
                         one_of(places, [](const OutputPlace& place) { return place.name; }), "'" + loss.output + "'",
                         ""});
  if (!loss.loss)
    throw ArgumentError(
        {"FitOptions::losses, output '" + loss.output + "'", "there is no loss", "a function", "none", ""});
  if (!(loss.factor >= 0 && std::isfinite(loss.factor)))
    throw ArgumentError({"FitOptions::losses, output '" + loss.output + "'", "the factor is out of range", "0 or more",
                         std::to_string(loss.factor), ""});
}

}  // namespace

Objective::Objective(const std::vector<OutputPlace>& places, const FitOptions& options) : places_(places) {
  for (const OutputLoss& loss : options.losses) require_usable(loss, places);
  for (const OutputPlace& place : places) {
    const auto own = std::find_if(options.losses.begin(), options.losses.end(),
                                  [&](const OutputLoss& loss) { return loss.output == place.name; });
    losses_.push_back(own == options.losses.end() ? OutputLoss{place.name, options.loss, 1} : *own);
    if (!losses_.back().loss)
      throw ArgumentError(
          {"FitOptions::loss", "there is no loss", "a function", "none", "e.g. Wing{} or CrossEntropy{}"});
  }
}

double Objective::of_batch(const Outputs& outputs, TrainingSession& session, const Batch& batch) {
  double sum = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const std::span<float> gradient = Outputs::gradient(session, i);
    sum += losses_[i].factor * losses_[i].loss(outputs.output(i), column_of(batch.values, places_, i, truth_),
                                               column_of(batch.weights, places_, i, weights_), gradient,
                                               static_cast<int>(batch.indices.size()));
    if (losses_[i].factor == 1) continue;
    for (float& g : gradient) g *= static_cast<float>(losses_[i].factor);
  }
  return sum;
}

double Objective::of_sample(const Prediction& sample) {
  double sum = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const auto part = [&](std::span<const float> values) {
      return values.empty() ? values : values.subspan(places_[i].first, places_[i].size);
    };
    gradient_.resize(places_[i].size);  // not wanted, but a user's loss may write it without asking
    sum += losses_[i].factor *
           losses_[i].loss(part(sample.output), part(sample.truth), part(sample.weights), gradient_, 1);
  }
  return sum;
}

}  // namespace lineament
