#include "cli/shard_data.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/checks.hpp"
#include "cli/console.hpp"
#include "cli/invocation.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/dataset.hpp"
#include "lineament/faces/split.hpp"
#include "lineament/landmarker/face_shards.hpp"
#include "lineament/threads.hpp"

namespace lineament::cli {
namespace {

/// What shards were packed with cannot be changed by training from them.
void require_packed_so(const FaceShards& shards, const TrainOptions& o, const Scheme& scheme) {
  const PackInfo& info = shards.info();
  if (info.box != o.box)
    throw ArgumentError({"--box", "the faces were packed with other boxes", info.box, o.box,
                         "give --box " + info.box + ", or pack them again"});
  if (scheme_to_json(info.scheme) != scheme_to_json(scheme))
    throw ArgumentError({"--scheme", "the faces were packed with another scheme", info.scheme.name, scheme.name,
                         "give the scheme that they were packed with"});
}

}  // namespace

bool trains_on_shards(const TrainOptions& o) {
  return !o.data.empty() && std::all_of(o.data.begin(), o.data.end(), [](const Path& p) { return holds_shards(p); });
}

void check_sources(const TrainOptions& o) {
  const bool shards = trains_on_shards(o);
  for (const Path& path : o.data)
    if (!shards && holds_shards(path))
      throw ArgumentError({"--data", "packed faces and photos cannot be one data set", "folders of shards alone",
                           path.string() + " beside others", "pack the photos, too"});
  const auto is_there = [](const Path& path) { return std::filesystem::exists(path); };
  if (!o.memory.empty() && !shards && o.synthetic == 0 && std::all_of(o.data.begin(), o.data.end(), is_there))
    throw ArgumentError({"--memory", "photos are kept in memory, all of them", "packed or drawn faces", "photos",
                         "leave it out, or pack the photos: 'lineament pack DATA --out shards'"});
  for (const char* option : {"missing", "group", "max-pixels"})
    if (shards && o.has(option))
      throw ArgumentError({std::string("--") + option, "it says how photos are read, and these are packed", "", "",
                           "give it to 'lineament pack'"});
}

Sets shard_sets(const TrainOptions& o, const StoreOptions& store) {
  ShardOptions options;
  options.augment = store.augment;
  options.preprocessing = store.preprocessing;
  if (!o.memory.empty()) options.memory = static_cast<std::size_t>(*byte_count(o.memory));
  if (o.synthetic > 0) options.memory = static_cast<std::size_t>(kShareOfShards * static_cast<double>(options.memory));
  for (const Path& folder : o.data)  // a pack may have been written among photos by hand, or by an older version
    if (const std::size_t photos = images_in(folder).size(); photos > 0)
      say("note: " + folder.string() + " holds " + counted(photos, "photo") +
          " beside the packed faces: these are trained on, the photos are not");
  const FaceShards all = FaceShards::open(o.data, options);
  const std::vector<Rejected> rejected = all.rejected();
  report_rejected(rejected, "lineament inspect " + shell_word(o.data.front().string()) + " --verify");
  require_packed_so(all, o, store.scheme);
  Split split = split_photo_ids(all.photos(), o.val_split, o.seed);
  limit_faces(split.train, o);
  Sets sets{std::make_unique<FaceShards>(all.pick(split.train))};
  sets.reported = rejected.size();
  require_measurable(*sets.train, "training faces");
  if (split.held_out.empty()) return sets;
  sets.held_out = std::make_unique<FaceShards>(all.pick(split.held_out));
  require_measurable(*sets.held_out, "held-out faces");
  report_alike(*sets.train, *sets.held_out);
  return sets;
}

int loader_threads(const Sets& sets, int threads) {
  const bool ready = sets.train->at_hand() && (!sets.drawn || sets.drawn->at_hand()) && !sets.negatives;
  constexpr int kMost = 256;  // of Batches
  return ready ? 1 : std::min(Threads(threads).count(), kMost);
}

std::string newly_damaged(Sets& sets) {
  const std::vector<Rejected> all = sets.train->rejected();
  std::string lines;
  for (; sets.reported < all.size(); ++sets.reported)
    lines += all[sets.reported].file + ": " + all[sets.reported].reason + "\n";
  return lines;
}

void report_damaged(std::span<const std::string> ranks) {
  std::set<std::string> said;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    std::istringstream lines(ranks[r]);
    for (std::string line; std::getline(lines, line);)
      if (said.insert(line).second)
        say("damaged: " + (r > 0 ? text("rank %zu: ", r) : "") + line + "; another sample is taken in its place");
  }
}

}  // namespace lineament::cli
