#include "cli/known_photos.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/console.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/file.hpp"

namespace lineament::cli {

void warn_of_trained(Model& model, const Sets& sets, const TrainOptions& o) {
  const std::string digest = digest_of(sets);
  const auto known = model.metadata.find("data");
  // Runs of older versions have no digest: there the number of faces has to do.
  const bool changed = known != model.metadata.end()
                           ? known->second != digest
                           : !model.trained_on.starts_with(std::to_string(sets.train->size()) + " ");
  if (o.resume && changed)
    say("note: the data has changed: the run was begun with " + model.trained_on +
        "; its result will be another than without the stop");
  if (!digest.empty()) model.metadata["data"] = digest;
  if (!sets.held_out) return;
  const std::vector<PhotoPrint> held_out = photos_of(*sets.held_out);
  if (const std::size_t seen = count_known(held_out, model.trained_photos); seen > 0)
    say(text("warning: %zu of the %zu held-out photos were trained on %s: held-out results are too good", seen,
             held_out.size(), o.resume ? "before" : "by the model of --from"));
}

/// Photos of people as --backgrounds would be shown as "no face" and, where they are held out, be trained on.
void warn_of_backgrounds(const Sets& sets, const TrainOptions& o) {
  if (o.backgrounds.empty() || o.data.empty()) return;
  std::vector<PhotoPrint> annotated = photos_of(*sets.train);
  if (sets.held_out)
    for (PhotoPrint& p : photos_of(*sets.held_out)) annotated.push_back(std::move(p));
  std::vector<PhotoPrint> backgrounds;
  for (const Path& file : images_in(o.backgrounds)) {
    try {
      backgrounds.push_back({file.string(), content_digest(read_file(file)), {}});
    } catch (const FileError&) {  // was left out, and said so
    }
  }
  if (const std::size_t both = count_known(backgrounds, annotated); both > 0)
    say(
        text("warning: %zu of the %zu photos of --backgrounds are photos of --data: they show faces, and held-out ones "
             "would be trained on; keep these apart",
             both, backgrounds.size()));
}

void note_photos(Model& model, const Sets& sets) {
  const auto add = [](std::vector<PhotoPrint>& known, std::vector<PhotoPrint> more) {
    std::set<std::uint64_t> contents;
    for (const PhotoPrint& p : known) contents.insert(p.content);
    for (PhotoPrint& p : more) {
      p.file.clear();  // names are nobody's business
      if (contents.insert(p.content).second) known.push_back(std::move(p));
    }
  };
  add(model.trained_photos, photos_of(*sets.train));
  if (sets.held_out) add(model.held_out_photos, photos_of(*sets.held_out));
}

}  // namespace lineament::cli
