#include "cli/fit_settings.hpp"

#include <cmath>

#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/networks.hpp"
#include "cli/shard_data.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/augment_options.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_training.hpp"

namespace lineament::cli {

// Networks of one output keep to the loss of one output: bits of older runs stay as they were.
void set_loss(FitOptions& f, const TrainOptions& o, const Network& network, const Scheme& scheme) {
  require_face_loss(o.loss, scheme);
  if (network.outputs().size() == 1 && !needs_spread(o.loss) && o.heatmap_term == 0)
    f.loss = loss_by_name(o.loss, face_losses(scheme));
  else
    f.joint_loss = joint_face_loss(o.loss, network, {o.coarse_term, o.heatmap_term}, scheme, o.threads),
    f.own_outputs = face_loss_own_outputs(network);
}

FitOptions fit_options(const TrainOptions& o, const Scheme& scheme) {
  FitOptions f;
  f.epochs = o.epochs;
  f.batch_size = o.batch;
  f.copies = o.copies;
  f.augmented = o.augment != "none";
  f.metric = face_metric(scheme);
  f.optimizer = optimizer_by_name(o.optimizer);
  if (o.weight_decay >= 0) f.optimizer.weight_decay = o.weight_decay;
  f.optimizer.beta2 = o.beta2;
  f.schedule.kind = schedule_by_name(o.schedule).kind;
  f.schedule.rate = static_cast<float>(o.lr);
  f.schedule.warmup = o.warmup;
  f.accumulate = o.accumulate;
  f.distributed.sums = precision_by_name(o.sums);
  f.distributed.norms = o.norms == "rank" ? NormsOver::rank : NormsOver::batch;
  f.clip_norm = o.clip;
  f.ema = o.ema;
  f.patience = o.patience;
  f.frozen = o.freeze;
  f.precision = precision_by_name(o.precision);
  f.seed = o.seed;
  f.threads = o.threads;
  return f;
}

void check_options(const TrainOptions& o) {
  const bool photos = !o.data.empty(), drawn = o.synthetic > 0, mixed = o.mix > 0;
  if (!photos && !drawn)
    throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N", "neither",
                         "add --synthetic 4000 to train on drawn faces"});
  if (photos && drawn && !mixed)
    throw ArgumentError({"train", "it needs something to train on", "--data DIR or --synthetic N",
                         o.recipe.empty() ? "both" : "both, with what the recipe says",
                         "add --mix 0.5, the share of drawn faces in each batch, or --mix 0 for photos alone"});
  if (mixed && !(photos && drawn))
    throw ArgumentError({"--mix", "there are not two kinds of faces to mix", "--data DIR and --synthetic N",
                         photos ? "--data alone" : "--synthetic alone",
                         photos ? "give --synthetic N, or --mix 0"
                                : "give --data DIR, or --mix 0; the recipe drawn is for drawn faces alone"});
  if (mixed && std::round(o.mix * o.batch) < 1)
    throw ArgumentError({"--mix", "it is no whole face of a batch", "a share of at least one face",
                         text("%g of %d", o.mix, o.batch), "take a larger share or batch"});
  if (o.mix_until.size() != 2 || o.mix_until[0] > o.mix_until[1])
    throw ArgumentError({"--mix-until", "it is not when the share begins to fall and when it is 0",
                         "two shares of the run, e.g. 0.6,0.8", json_text(nlohmann::ordered_json(o.mix_until)), ""});
  if (o.box == "file" && drawn)
    throw ArgumentError({"--box", "drawn faces have no boxes in files", "points or image", o.box,
                         photos ? "add --mix 0 for photos alone" : "leave it out"});
  if (o.limit > 0 && !photos && !o.resume)
    throw ArgumentError(
        {"--limit", "it is for photos", "--data DIR", "--synthetic alone", "give --synthetic a smaller number"});
  check_sources(o);
  require_face_loss(o.loss);
  augment_level(o.augment);
  box_source(o.box);
  fit_options(o, ibug_68());
}

void note_blind(const TrainOptions& o, const FaceSamples& faces) {
  if (o.missing != "mask" || trains_on_shards(o) || !(needs_spread(o.loss) || o.loss == "nme")) return;
  std::size_t blind = 0;
  for (std::size_t i = 0; i < faces.size(); ++i)
    blind += std::isfinite(inter_ocular(faces.face(i).points, faces.scheme())) ? 0 : 1;
  if (blind > 0)
    say(
        text("note: of %zu of %zu faces an eye corner is not known, and the loss '%s' learns nothing from them; "
             "--loss wing does",
             blind, faces.size(), o.loss.c_str()));
}

}  // namespace lineament::cli
