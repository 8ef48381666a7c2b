#include "cli/data.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "cli/console.hpp"
#include "cli/json_text.hpp"
#include "cli/options.hpp"
#include "cli/shard_data.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/drawn_faces.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/landmarker/found_boxes.hpp"
#include "lineament/random.hpp"
#include "platform/platform.hpp"

namespace lineament::cli {
namespace {

FaceStore with_progress(const char* title, StoreOptions& options, auto&& make, const char* which = "data") {
  Progress progress(title);
  options.progress = [&](std::size_t done, std::size_t total) {
    progress.update(done, total, text("%zu of %zu", done, total));
  };
  FaceStore store = make();
  progress.clear();
  report_rejected(store.rejected());
  if (store.size() == 0)
    throw FormatError(
        {which, "no usable face is left", "at least one", "none", "run 'lineament validate' on the data"});
  return store;
}

/// Of a drawn face in memory.
double bytes_of_drawn(const StoreOptions& options) {
  const int side = std::min(DrawOptions{}.size, static_cast<int>(options.region * options.detail *
                                                                 static_cast<float>(options.preprocessing.size)));
  return 3.0 * side * side + 1000;
}

/// A number that cannot fit is refused before hours of drawing, not after.
void require_memory(double faces, const StoreOptions& options) {
  const double bytes_of_face = bytes_of_drawn(options);
  const auto memory = static_cast<double>(platform::physical_memory());
  if (memory > 0 && faces * bytes_of_face > memory)
    throw ArgumentError({"--synthetic", "so many faces do not fit into memory",
                         text("at most %.0f, with those held out", memory / bytes_of_face), text("%.0f", faces),
                         "draw fewer"});
}

/// Drawn on demand they take no memory, but their order in an epoch does.
void require_order(double faces) {
  constexpr double kMost = 1e8;
  if (faces > kMost)
    throw ArgumentError({"--synthetic", "the order of so many faces in an epoch takes too much memory",
                         text("at most %.0f", kMost), text("%.0f", faces),
                         "draw fewer and train longer: each epoch augments them anew"});
}

}  // namespace

void report_rejected(const std::vector<Rejected>& rejected, const std::string& lists) {
  constexpr std::size_t kShown = 8;
  for (std::size_t i = 0; i < std::min(kShown, rejected.size()); ++i)
    say("left out: " + rejected[i].file + ": " + rejected[i].reason);
  if (rejected.size() > kShown)
    say(text("left out: %zu more; '%s' lists them all", rejected.size() - kShown, lists.c_str()));
}

std::uint64_t stream_of(std::uint64_t seed, DrawnFor use) {
  return use == DrawnFor::training      ? seed * 2
         : use == DrawnFor::holding_out ? seed * 2 + 1
                                        : ~(seed * 2);  // counts down: met by no seed below 2^62
}

/// A face is often in a photo that many programs have saved again: the split cannot know these for one photo.
void report_alike(const FaceSamples& train, const FaceSamples& held_out) {
  constexpr std::size_t kShown = 4;
  const std::vector<PhotoPrint> a = photos_of(held_out), b = photos_of(train);
  const auto found = similar_pairs(a, b);
  if (!found) return say("note: so many photos are not looked through for some that look the same");
  const auto& pairs = *found;
  if (pairs.empty()) return;
  std::string line =
      "warning: held-out photos that look like photos trained on (the same at another size or quality?): " +
      std::to_string(pairs.size());
  for (std::size_t i = 0; i < std::min(kShown, pairs.size()); ++i)
    line += (i == 0 ? ": " : ", ") + pairs[i].first->file + " and " + pairs[i].second->file;
  say(line + (pairs.size() > kShown ? " …" : "") +
      "; where they are the same, remove one of them: held-out results "
      "are too good");
}

void require_no_shards(const std::vector<Path>& paths) {
  for (const Path& path : paths)
    if (holds_shards(path))
      throw ArgumentError({path.string(), "a folder of packed faces, which only training reads", "photos", "shards",
                           "give the photos that were packed; 'lineament inspect --verify' checks the pack"});
}

Dataset read_data(const std::vector<Path>& paths, const DatasetOptions& options) {
  require_no_shards(paths);
  Dataset all = read_datasets(paths, options);
  report_rejected(all.rejected);
  for (const std::string& note : all.notes) say("note: " + note);
  if (all.other_part > 0 && options.part == Part::train)
    say(counted(all.other_part, "face") +
        text(" of test folders %s not trained on", all.other_part == 1 ? "is" : "are"));
  return all;
}

/// Errors are divided by the distance of the eye corners: a set of faces that all lack one cannot be measured.
void require_measurable(const FaceSamples& faces, const char* what) {
  const Scheme& scheme = faces.scheme();
  for (std::size_t i = 0; i < faces.size(); ++i)
    if (std::isfinite(inter_ocular(faces.face(i).points, scheme))) return;
  throw FormatError({what, "no face has both eye corners, which errors are measured by", "at least one",
                     counted(faces.size(), "face") + " without",
                     "annotate points " + scheme.point_name(scheme.eye_corners[0]) + " and " +
                         scheme.point_name(scheme.eye_corners[1])});
}

void require_boxes(const Dataset& data, BoxSource box) {
  if (box != BoxSource::file) return;
  if (std::any_of(data.faces.begin(), data.faces.end(), [](const Face& f) { return f.box.has_value(); })) return;
  throw ArgumentError({"--box file", "the data has no boxes", "a list with boxes (imglab, COCO, CVAT, WFLW)",
                       "points alone", "use --box points"});
}

FaceStore load_faces(std::span<const Face> faces, StoreOptions options, const char* which) {
  return with_progress(
      "reading photos", options, [&] { return FaceStore::load(faces, options); }, which);
}

FaceStore draw_faces(std::size_t count, std::uint64_t seed, DrawnFor use, StoreOptions options,
                     const DrawOptions& drawing) {
  require_memory(static_cast<double>(count), options);
  return with_progress("drawing faces", options,
                       [&] { return FaceStore::draw(stream_of(seed, use), count, options, drawing); });
}

std::unique_ptr<FaceSamples> drawn_source(std::size_t count, DrawnFor use, const TrainOptions& o, double share,
                                          const StoreOptions& store, const DrawOptions& drawing) {
  require_order(static_cast<double>(count));
  const double budget = 0.5 * static_cast<double>(platform::physical_memory());
  const double memory = share * (o.memory.empty() ? budget : static_cast<double>(*byte_count(o.memory)));
  if (o.memory.empty() && use == DrawnFor::training && bytes_of_drawn(store) * static_cast<double>(count) > memory)
    say("note: half the memory does not hold so many faces; the rest is drawn anew in each epoch");
  return std::make_unique<DrawnFaces>(stream_of(o.seed, use), count, store, drawing, static_cast<std::size_t>(memory));
}

void limit_faces(std::vector<std::size_t>& train, const TrainOptions& o) {
  if (o.limit <= 0) return;
  if (static_cast<std::size_t>(o.limit) > train.size())
    say(text("note: --limit %d is more than the ", o.limit) + counted(train.size(), "face") + " to train on");
  shuffle(train, Random(o.seed ^ 0x6C696D6974u));
  train.resize(std::min(train.size(), static_cast<std::size_t>(o.limit)));
  std::sort(train.begin(), train.end());
}

Backgrounds load_backgrounds(const Path& folder, const DecodeLimits& limits, const char* option) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw FileError({folder.string(), std::string(option) + ": there is no folder of this name", "a folder of photos",
                     std::filesystem::exists(folder, error) ? "a file" : "nothing", "check the path"});
  std::vector<Rejected> rejected;
  try {
    Backgrounds photos = read_backgrounds(folder, limits, &rejected);
    report_rejected(rejected);
    return photos;
  } catch (const Error&) {
    report_rejected(rejected);
    throw;
  }
}

Negatives draw_negatives(std::size_t faces, std::uint64_t seed, DrawnFor use, const StoreOptions& options,
                         const DrawOptions& drawing) {
  // Each is cut anew, at another place, whenever it is asked for.
  const std::size_t pictures = std::clamp<std::size_t>(faces, 100, 1000);
  constexpr std::uint64_t kStream = 0x6E65676174697665u;
  return Negatives::draw(stream_of(seed, use) ^ kStream, pictures, options, drawing);
}

namespace {

Sets drawn_sets(const TrainOptions& o, const StoreOptions& store, const DrawOptions& drawing) {
  const auto faces = static_cast<std::size_t>(o.synthetic),
             held_out = static_cast<std::size_t>(o.val_split * o.synthetic + 0.5);
  const double share = 1 / (1 + o.val_split);
  Sets sets{drawn_source(faces, DrawnFor::training, o, share, store, drawing)};
  if (held_out > 0) sets.held_out = drawn_source(held_out, DrawnFor::holding_out, o, 1 - share, store, drawing);
  sets.about = counted(faces, "drawn face");
  return sets;
}

Sets photo_sets(const TrainOptions& o, const StoreOptions& store, const Dataset& dataset) {
  require_boxes(dataset, store.box);
  Split split = split_by_photo(dataset.faces, o.val_split, o.seed);
  limit_faces(split.train, o);
  const auto faces_at = [&](const std::vector<std::size_t>& indices) {
    std::vector<Face> faces;
    for (const std::size_t i : indices) faces.push_back(dataset.faces[i]);
    return faces;
  };
  const std::vector<Face> train = faces_at(split.train);
  Sets sets{std::make_unique<FaceStore>(load_faces(train, store, "the faces to train on"))};
  sets.reported = sets.train->rejected().size();
  if (store.scheme.name != ibug_68().name) sets.found_box = fit_found_box(train, store);
  require_measurable(*sets.train, "training faces");
  if (split.held_out.empty()) return sets;
  sets.held_out =
      std::make_unique<FaceStore>(load_faces(faces_at(split.held_out), store, "the faces held out (--val-split)"));
  require_measurable(*sets.held_out, "held-out faces");
  report_alike(*sets.train, *sets.held_out);
  return sets;
}

}  // namespace

Dataset read_photos(const TrainOptions& o, const Scheme& scheme) {
  return read_data(o.data,
                   {.part = Part::train, .missing = missing_by_name(o.missing), .group = o.group, .scheme = scheme});
}

namespace {

void append(std::vector<std::uint8_t>& bytes, std::uint64_t digest) {
  for (std::size_t i = 0; i < sizeof digest; ++i) bytes.push_back(static_cast<std::uint8_t>(digest >> (8 * i)));
}

std::uint64_t digest_of(const std::vector<Image>& photos) {
  std::vector<std::uint8_t> bytes;
  for (const Image& photo : photos) append(bytes, content_digest(photo.pixels()));
  return content_digest(bytes);
}

}  // namespace

Sets load_sets(const TrainOptions& o, const Preprocessing& preprocessing, const Scheme& scheme, bool negatives,
               const Dataset* photos) {
  StoreOptions store;
  store.preprocessing = preprocessing;
  store.augment = augment_level(o.augment);
  store.box = box_source(o.box);
  store.threads = o.threads;
  store.scheme = scheme;
  store.limits = decode_limits(o.max_megapixels);
  DrawOptions drawing;
  if (!o.backgrounds.empty()) drawing.backgrounds = load_backgrounds(o.backgrounds, store.limits, "--backgrounds");
  Sets sets = o.data.empty()        ? drawn_sets(o, store, drawing)
              : trains_on_shards(o) ? shard_sets(o, store)
                                    : photo_sets(o, store, photos != nullptr ? *photos : read_photos(o, scheme));
  if (drawing.backgrounds) sets.backgrounds = digest_of(*drawing.backgrounds);
  if (negatives) sets.negatives = draw_negatives(sets.train->size(), o.seed, DrawnFor::training, store, drawing);
  if (o.data.empty()) return sets;
  sets.about = counted(sets.train->size(), "face") + " of";
  for (const Path& path : o.data) sets.about += " " + utf8(path.string());
  if (o.synthetic == 0) return sets;
  sets.drawn = drawn_source(static_cast<std::size_t>(o.synthetic), DrawnFor::training, o,
                            trains_on_shards(o) ? 1 - kShareOfShards : 1, store, drawing);
  sets.about += " and " + counted(sets.drawn->size(), "drawn face");
  return sets;
}

std::vector<PhotoPrint> photos_of(const FaceSamples& faces) {
  std::map<std::uint64_t, PhotoPrint> photos;
  for (std::size_t i = 0; i < faces.size(); ++i)
    if (PhotoPrint print = faces.print(i); !print.file.empty()) photos.emplace(print.content, std::move(print));
  std::vector<PhotoPrint> list;
  for (auto& [content, print] : photos) list.push_back(std::move(print));
  return list;
}

std::size_t count_known(const std::vector<PhotoPrint>& photos, const std::vector<PhotoPrint>& known) {
  std::set<std::uint64_t> contents;
  for (const PhotoPrint& p : known) contents.insert(p.content);
  return static_cast<std::size_t>(
      std::count_if(photos.begin(), photos.end(), [&](const PhotoPrint& p) { return contents.contains(p.content); }));
}

std::string digest_of(const Sets& sets) {
  std::vector<std::uint8_t> bytes;
  for (const FaceSamples* faces : {sets.train.get(), sets.held_out.get()})
    for (std::size_t i = 0; faces != nullptr && i < faces->size(); ++i) faces->identify(i, bytes);
  if (sets.backgrounds != 0) append(bytes, sets.backgrounds);
  return bytes.empty() ? "" : text("%016llx", static_cast<unsigned long long>(content_digest(bytes)));
}

}  // namespace lineament::cli
