#include "cli/spread_fit.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "cli/console.hpp"
#include "cli/data.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_results.hpp"
#include "lineament/landmarker/spread_calibration.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

namespace lineament::cli {
namespace {

/// Training faces by their folder, but those that --val-split leaves out.
std::vector<Face> faces_of(const Model& model, const SpreadFit& o) {
  Dataset data = read_data(o.data, {.part = Part::train,
                                    .missing = missing_by_name(o.reading.missing),
                                    .group = o.reading.group,
                                    .scheme = model.scheme});
  require_boxes(data, box_source(o.box));
  if (o.val_split == 0) return std::move(data.faces);
  std::vector<Face> faces;
  for (const std::size_t i : split_by_photo(data.faces, o.val_split, o.seed).train)
    faces.push_back(std::move(data.faces[i]));
  return faces;
}

/// Their predictions, but for faces of photos that the model was trained on.
std::vector<MeasuredFace> measure_others(const Model& model, const FaceStore& faces, int threads) {
  Progress progress("measuring");
  const auto show = [&](std::size_t done) {
    progress.update(done, faces.size(), text("%zu of %zu", done, faces.size()));
  };
  std::vector<MeasuredFace> measured =
      measure_faces(model.network, faces, {.inference = {.threads = threads}, .progress = show}, model.scheme);
  progress.clear();
  std::set<std::uint64_t> trained;
  for (const PhotoPrint& p : model.trained_photos) trained.insert(p.content);
  std::erase_if(measured, [&](const MeasuredFace& f) { return trained.contains(faces.print(f.index).content); });
  return measured;
}

std::string expected_and_measured(const std::vector<MeasuredFace>& faces, const Scheme& scheme) {
  const std::vector<CalibrationGroup> groups = details_of(faces, scheme).calibration;
  return text("surest tenth of points %.2f and %.2f, least sure %.2f and %.2f", groups.front().predicted,
              groups.front().measured, groups.back().predicted, groups.back().measured);
}

}  // namespace

void add_spread_fit(CLI::App& c, SpreadFit& o) {
  auto* calibrate = c.add_option("--calibrate", o.data,
                                 "Fit the errors that the model expects (spread) to those on the annotated photos "
                                 "here, but photos that it was trained on and test folders of 300-W")
                        ->type_name("FOLDER");
  c.add_option("--val-split", o.val_split,
               "With --calibrate: leave out the faces that train holds out with this --val-split and --seed")
      ->check(number(0.001, 0.9))
      ->needs(calibrate);
  add_seed(c, o.seed, "Of --val-split");
  add_box_source(c, o.box);
  add_reading(c, o.reading);
  add_threads(c, o.threads);
  for (const char* option : {"--seed", "--box", "--missing", "--group", "--max-pixels", "--threads"})
    c.get_option(option)->needs(calibrate);
}

void fit_spread_to(Model& model, const SpreadFit& o) {
  if (!has_output(model.network, kSpreadOutput))
    throw ArgumentError({"--calibrate", "the model does not say how far points are expected to be off",
                         "one with the output 'spread', as compact, tiny and large have", "none", "leave it out"});
  StoreOptions store;
  store.preprocessing = model.preprocessing;
  store.box = box_source(o.box);
  store.threads = o.threads;
  store.scheme = model.scheme;
  store.limits = decode_limits(o.reading.max_megapixels);
  const FaceStore faces = load_faces(faces_of(model, o), store);
  const std::vector<MeasuredFace> before = measure_others(model, faces, o.threads);
  if (before.empty())
    throw ArgumentError({"--calibrate", "no face is left", "photos that the model was not trained on", "none", ""});
  if (const std::size_t others = faces.size() - before.size(); others > 0)
    say(text("note: %zu faces of photos that the model was trained on, or without eyes, are left out", others));
  calibrate_spread(model.network, fit_spread(before, model.scheme));
  const std::vector<MeasuredFace> after = measure_others(model, faces, o.threads);
  say(text("expected and measured error, %%: %s", expected_and_measured(before, model.scheme).c_str()));
  say(text("calibrated on %zu faces: %s", before.size(), expected_and_measured(after, model.scheme).c_str()));
}

}  // namespace lineament::cli
