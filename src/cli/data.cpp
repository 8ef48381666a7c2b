#include "cli/data.hpp"

#include <algorithm>

#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/split.hpp"
#include "platform/platform.hpp"

namespace lineament::cli {
namespace {

void report_rejected(const std::vector<Rejected>& rejected) {
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 0; i < std::min(kShown, rejected.size()); ++i)
    say("left out: " + rejected[i].file + ": " + rejected[i].reason);
  if (rejected.size() > kShown)
    say(text("left out: %zu more; 'lineament validate' lists them all", rejected.size() - kShown));
}

FaceStore with_progress(const char* title, StoreOptions& options, auto&& make) {
  Progress progress(title);
  options.progress = [&](std::size_t done, std::size_t total) {
    progress.update(done, total, text("%zu of %zu", done, total));
  };
  FaceStore store = make();
  progress.clear();
  report_rejected(store.rejected());
  if (store.size() == 0)
    throw FormatError(
        {"data", "no usable face is left", "at least one", "none", "run 'lineament validate' on the data"});
  return store;
}

/// Drawn faces are kept in memory: a number that cannot fit is refused before hours of drawing, not after.
void require_memory(double faces, const StoreOptions& options) {
  const int side = std::min(DrawOptions{}.size, static_cast<int>(options.region * options.detail *
                                                                 static_cast<float>(options.preprocessing.size)));
  const double bytes_of_face = 3.0 * side * side + 1000;
  const auto memory = static_cast<double>(platform::physical_memory());
  if (memory > 0 && faces * bytes_of_face > memory)
    throw ArgumentError({"--synthetic", "so many faces do not fit into memory",
                         text("at most %.0f, with those held out", memory / bytes_of_face), text("%.0f", faces),
                         "draw fewer and train longer: each epoch augments them anew"});
}

Landmarks points_in_crop(const FaceStore& faces, std::size_t i) {
  const Affine to_crop = crop_to_image(faces.box(i), faces.preprocessing()).inverse();
  Landmarks points = faces.points(i);
  for (Point& p : points) p = to_crop(p);
  return points;
}

}  // namespace

Dataset read_data(const std::vector<Path>& paths, Part part) {
  Dataset all;
  for (const Path& path : paths) {
    Dataset one = read_dataset(path, {.part = part});
    all.faces.insert(all.faces.end(), one.faces.begin(), one.faces.end());
    all.rejected.insert(all.rejected.end(), one.rejected.begin(), one.rejected.end());
    all.other_part += one.other_part;
  }
  report_rejected(all.rejected);
  if (all.other_part > 0 && part == Part::train)
    say(counted(all.other_part, "face") +
        text(" of test folders %s not trained on", all.other_part == 1 ? "is" : "are"));
  if (all.faces.empty())
    throw FormatError({paths.empty() ? "data" : paths.front().string(), "no face was found",
                       "photos with 68-point annotations", "none", "run 'lineament validate' on the data"});
  return all;
}

FaceStore load_faces(std::span<const Face> faces, StoreOptions options) {
  return with_progress("reading photos", options, [&] { return FaceStore::load(faces, options); });
}

FaceStore draw_faces(std::size_t count, std::uint64_t seed, bool held_out, StoreOptions options) {
  require_memory(static_cast<double>(count), options);
  const std::uint64_t stream = seed * 2 + (held_out ? 1 : 0);
  return with_progress("drawing faces", options, [&] { return FaceStore::draw(stream, count, options); });
}

Sets load_sets(const TrainOptions& o, const Preprocessing& preprocessing) {
  StoreOptions store;
  store.preprocessing = preprocessing;
  store.augment = augment_level(o.augment);
  store.box = box_source(o.box);
  store.threads = o.threads;
  if (o.synthetic > 0) {
    const auto held_out = static_cast<std::size_t>(o.val_split * o.synthetic + 0.5);
    require_memory(o.synthetic * (1 + o.val_split), store);
    Sets sets{draw_faces(static_cast<std::size_t>(o.synthetic), o.seed, false, store), std::nullopt,
              counted(static_cast<std::size_t>(o.synthetic), "drawn face")};
    if (held_out > 0) sets.held_out = draw_faces(held_out, o.seed, true, store);
    return sets;
  }
  const Dataset dataset = read_data(o.data, Part::train);
  const Split split = split_by_photo(dataset.faces, o.val_split, o.seed);
  const auto pick = [&](const std::vector<std::size_t>& indices) {
    std::vector<Face> faces;
    for (const std::size_t i : indices) faces.push_back(dataset.faces[i]);
    return faces;
  };
  Sets sets{load_faces(pick(split.train), store), std::nullopt, ""};
  if (!split.held_out.empty()) sets.held_out = load_faces(pick(split.held_out), store);
  sets.about = counted(sets.train.size(), "face") + " of";
  for (const Path& path : o.data) sets.about += " " + utf8(path.string());
  return sets;
}

double mean_shape_nme(const Sets& sets) {
  Landmarks mean{};
  for (std::size_t i = 0; i < sets.train.size(); ++i) {
    const Landmarks points = points_in_crop(sets.train, i);
    for (std::size_t k = 0; k < kPoints; ++k) {
      mean[k].x += points[k].x / static_cast<float>(sets.train.size());
      mean[k].y += points[k].y / static_cast<float>(sets.train.size());
    }
  }
  const FaceStore& judged = sets.held_out ? *sets.held_out : sets.train;
  double sum = 0;
  for (std::size_t i = 0; i < judged.size(); ++i) sum += nme(mean, points_in_crop(judged, i));
  return sum / static_cast<double>(judged.size());
}

}  // namespace lineament::cli
