#include "cli/new_model.hpp"

#include <optional>

#include "cli/console.hpp"
#include "cli/fit_settings.hpp"
#include "cli/json_text.hpp"
#include "cli/models.hpp"
#include "cli/networks.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/train/fine_tune.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

/// The model of --from. What the command line leaves open is as it was there.
Model base_model(TrainOptions& o) {
  Model from = load_named_model(o.from);
  if (!o.has("network")) o.network = o.from.string();
  const float margin = from.preprocessing.margin;
  if (!o.has("margin") && margin != static_cast<float>(o.margin)) o.margin = static_cast<double>(margin);
  return from;
}

TakenWeights taken_weights(Network& network, const Network& from, const TrainOptions& o) try {
  return take_weights(network, from);
} catch (const SpecError& e) {
  Problem problem = e.problem();
  problem.fix = "begin without the weights of " + o.from.string() + ": --from none --network " + o.network;
  throw SpecError(problem);
}

void take_over(const Model& from, const TrainOptions& o, NewModel& made) {
  Model& model = made.model;
  const TakenWeights weights = taken_weights(model.network, from.network, o);
  if (scheme_to_json(from.scheme) != scheme_to_json(model.scheme))
    made.notes.push_back("note: the points of " + o.from.string() + " are of the scheme " + from.scheme.name +
                         ", those of this run of " + model.scheme.name + ", which differs");
  model.trained_photos = from.trained_photos;  // their faces are in the weights
  model.held_out_photos = from.held_out_photos;
  model.metadata = from.metadata;
  std::string line = "weights of " + counted(weights.taken.size(), "layer") + " taken from " + o.from.string();
  if (!weights.fresh.empty()) line += "; new: ";
  for (const std::string& layer : weights.fresh) line += (&layer == &weights.fresh.front() ? "" : ", ") + layer;
  made.notes.push_back(line);
}

void note_frozen(const TrainOptions& o, NewModel& made) {
  const Network& network = made.model.network;
  if (o.freeze.empty()) return;
  std::size_t frozen = 0;
  for (const ParamInfo& p : params_named(network, o.freeze)) frozen += p.trainable ? p.size : 0;
  if (frozen == network.weight_count())
    throw ArgumentError({"--freeze", "there is nothing left to train", "a layer that is not frozen", "none", ""});
  made.notes.push_back(text("frozen: %zu of %zu weights", frozen, network.weight_count()));
}

}  // namespace

NewModel new_model(TrainOptions& o) {
  std::optional<Model> from;
  NewModel made;
  if (!o.from.empty()) {
    from = base_model(o);
    made.begun_with = ", begun with a model trained on " + from->trained_on;
  }
  const Scheme scheme = from && !o.has("scheme") ? from->scheme : scheme_by_name(o.scheme);
  const SpecFile file = from && !o.has("network") ? SpecFile{from->network.spec(), from->network.input_shape()}
                                                  : network_by_name(o.network, scheme.values());
  Model& model = made.model;
  model.scheme = scheme;
  model.network = Network(file.spec, file.input, o.seed);
  if (from) take_over(*from, o, made);
  if (file.input.rank() != 3 || file.input[0] != file.input[1] || file.input[2] != 3 ||
      !(model.network.outputs().front().shape == Shape{scheme.values()}))
    throw SpecError({o.network, from ? "its outputs are not those of the scheme" : "not a network for face landmarks",
                     text("a square image of 3 channels in, %d values out", scheme.values()),
                     to_string(file.input) + " in, " + to_string(model.network.outputs().front().shape) + " out",
                     from && !o.has("network")
                         ? "begin with a network of as many outputs: --from none --network compact, or another"
                         : ""});
  if (!o.has("loss") && has_output(model.network, kSpreadOutput)) o.loss = "laplace";
  FitOptions unused;
  set_loss(unused, o, model.network, scheme);  // throws for a loss that is not for this network
  model.preprocessing = {.size = file.input[0], .margin = static_cast<float>(o.margin)};
  note_frozen(o, made);
  return made;
}

}  // namespace lineament::cli
