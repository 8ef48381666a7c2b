#include "cli/batch_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cli/console.hpp"
#include "lineament/error.hpp"

namespace lineament::cli {

void check_batch(const TrainOptions& o, const Sets& sets, int ranks) {
  const std::size_t samples = sets.train->size() * static_cast<std::size_t>(o.copies);
  if (o.batch % ranks != 0)
    throw ArgumentError({"--batch", "it is the batch of all ranks, and cannot be shared out over them",
                         text("a multiple of %d", ranks), std::to_string(o.batch), ""});
  if (static_cast<std::size_t>(o.batch) <= samples) return;
  throw ArgumentError({"--batch", "one step takes more faces than an epoch has", text("at most %zu", samples),
                       std::to_string(o.batch), text("use --batch %zu, more faces or more --copies", samples)});
}

/// A network that learns from faces alone to say whether there is one sees them everywhere.
void check_negatives(const TrainOptions& o, const Sets& sets, std::vector<std::string>& notes) {
  if (!sets.negatives && o.has("negatives") && o.negatives != TrainOptions{}.negatives)
    throw ArgumentError({"--negatives", "the network does not say whether a crop shows a face",
                         "one with the output 'face', as compact, tiny and large have", "none", "leave it out"});
  if (!sets.negatives) return;
  if (o.batch < 2)
    throw ArgumentError({"--batch", "one crop of each batch shows no face, and no place is left for faces", "2 or more",
                         std::to_string(o.batch), ""});
  const auto faceless = std::max(1.0, std::round(o.negatives * o.batch));
  if (sets.drawn && std::round(o.mix * o.batch) + faceless >= o.batch)
    throw ArgumentError({"--mix", "no place is left for photos beside drawn faces and crops without a face",
                         text("with --negatives %g, below %.2g", o.negatives, 1 - (faceless + 0.5) / o.batch),
                         text("%g", o.mix), ""});
  if (o.negatives * o.batch < 0.5)
    notes.push_back(text("note: one crop of each batch of %d shows no face: that is more than --negatives %g", o.batch,
                         o.negatives));
}

}  // namespace lineament::cli
