#include "train/objective.hpp"

#include <algorithm>
#include <cmath>

#include "lineament/error.hpp"
#include "train/names.hpp"

namespace lineament {
namespace {

void require_usable(const OutputLoss& loss, const Places& outputs) {
  const auto named = [&](const Place& output) { return output.name == loss.output; };
  if (std::none_of(outputs.begin(), outputs.end(), named))
    throw ArgumentError({"FitOptions::losses", "the network has no output of this name",
                         one_of(outputs, [](const Place& output) { return output.name; }), "'" + loss.output + "'",
                         ""});
  if (!loss.loss)
    throw ArgumentError(
        {"FitOptions::losses, output '" + loss.output + "'", "there is no loss", "a function", "none", ""});
  if (!(loss.factor >= 0 && std::isfinite(loss.factor)))
    throw ArgumentError({"FitOptions::losses, output '" + loss.output + "'", "the factor is out of range", "0 or more",
                         std::to_string(loss.factor), ""});
}

/// The default loss does not count as one that was given.
void require_one_kind(const FitOptions& options) {
  const Wing* wing = options.loss.target<Wing>();
  if (options.losses.empty() && wing != nullptr && *wing == Wing{}) return;
  throw ArgumentError({"FitOptions", "there is a joint loss, and losses of outputs beside it", "one of them", "both",
                       "leave joint_loss out, or loss and losses as they are"});
}

}  // namespace

Objective::Objective(const Places& outputs, const FitOptions& options) : outputs_(outputs), joint_(options.joint_loss) {
  if (joint_) {
    require_one_kind(options);
    return;
  }
  for (const OutputLoss& loss : options.losses) require_usable(loss, outputs);
  for (std::size_t i = 0; i < options.losses.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (options.losses[i].output == options.losses[j].output)
        throw ArgumentError({"FitOptions::losses", "an output has two losses", "one",
                             "'" + options.losses[i].output + "'", "add them up in a function of your own"});
  for (const Place& output : outputs) {
    const auto own = std::find_if(options.losses.begin(), options.losses.end(),
                                  [&](const OutputLoss& loss) { return loss.output == output.name; });
    losses_.push_back(own == options.losses.end() ? OutputLoss{output.name, options.loss, 1} : *own);
    if (!losses_.back().loss)
      throw ArgumentError(
          {"FitOptions::loss", "there is no loss", "a function", "none", "e.g. Wing{} or CrossEntropy{}"});
  }
}

double Objective::jointly_of_batch(const WholeBatch& batch) {
  for (const OutputBatch<float>& output : batch.outputs)
    std::fill(output.gradient.begin(), output.gradient.end(), 0.0f);
  return joint_(batch.outputs, batch.values, batch.weights, static_cast<int>(batch.samples));
}

double Objective::jointly_of_sample(const Prediction& sample) {
  gradient_.assign(sample.output.size(), 0.0f);
  batch_.clear();
  for (const Place& output : outputs_)
    batch_.push_back({output.name, sample.output.subspan(output.first, output.size),
                      std::span(gradient_).subspan(output.first, output.size)});
  return joint_(batch_, sample.truth, sample.weights, 1);
}

double Objective::of_batch(const WholeBatch& batch) {
  if (joint_) return jointly_of_batch(batch);
  double sum = 0;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::span<float> gradient = batch.outputs[i].gradient;
    sum += losses_[i].factor * losses_[i].loss(batch.outputs[i].values, column_of(batch.values, outputs_, i, truth_),
                                               column_of(batch.weights, outputs_, i, weights_), gradient,
                                               static_cast<int>(batch.samples));
    if (losses_[i].factor == 1) continue;
    for (float& g : gradient) g *= static_cast<float>(losses_[i].factor);
  }
  return sum;
}

double Objective::of_sample(const Prediction& sample) {
  if (joint_) return jointly_of_sample(sample);
  double sum = 0;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const auto part = [&](std::span<const float> values) {
      return values.empty() ? values : values.subspan(outputs_[i].first, outputs_[i].size);
    };
    gradient_.resize(outputs_[i].size);  // not wanted, but a user's loss may write it without asking
    sum += losses_[i].factor *
           losses_[i].loss(part(sample.output), part(sample.truth), part(sample.weights), gradient_, 1);
  }
  return sum;
}

}  // namespace lineament
