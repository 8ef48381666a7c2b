#include "lineament/landmarker/face_shards.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "faces/disjoint_sets.hpp"
#include "landmarker/crop_cache.hpp"
#include "landmarker/open_pack.hpp"
#include "landmarker/shard_file.hpp"
#include "lineament/error.hpp"

namespace lineament {

namespace fs = std::filesystem;
using shards::Entry;
using shards::ShardFile;

/// What all sets made of one opening share.
struct FaceShards::Files {
  explicit Files(std::size_t memory) : cache(memory) {}

  std::vector<ShardFile> shards;
  std::vector<bool> raw;  ///< of each shard
  PackInfo info;
  CropCache cache;
  shards::OpenFiles open;
  std::mutex mutex;  ///< guards the next two
  std::vector<Rejected> rejected;
  std::set<std::uint64_t> named;  ///< samples that are in `rejected`

  static std::uint64_t key_of(Place place) { return std::uint64_t{place.shard} << 32 | place.at; }
  Entry entry(Place place) const { return shards[place.shard].entry(place.at); }

  void reject(Place place, const std::string& reason) {
    const std::lock_guard lock(mutex);
    if (!named.insert(key_of(place)).second) return;
    rejected.push_back({shards[place.shard].name() + ": " + std::string(entry(place).name), reason});
  }

  /// nullptr for a sample that is damaged, which is then named.
  std::shared_ptr<const KeptFace> get(Place place) {
    if (auto face = cache.find(key_of(place))) return face;
    std::shared_ptr<const KeptFace> face;
    const std::string problem = problem_of([&] {
      const Entry sample = entry(place);
      face = std::make_shared<const KeptFace>(
          shards::decode_record(open.read(shards[place.shard], sample), sample, info.scheme.points, raw[place.shard]));
    });
    if (face == nullptr) {
      reject(place, problem);
      return nullptr;
    }
    cache.offer(key_of(place), face);
    return face;
  }

  /// Whether a sample is there and, if that is asked, undamaged.
  bool is_good(Place place, bool verify) {
    const Entry sample = entry(place);
    std::string problem = shards[place.shard].holds(sample) ? "" : "the shard has been cut short before it";
    if (problem.empty() && verify) problem = problem_of([&] { open.read(shards[place.shard], sample); });
    if (!problem.empty()) reject(place, problem);
    return problem.empty();
  }
};

FaceShards::FaceShards(std::shared_ptr<Files> files, std::vector<Place> samples, const StoreOptions& options)
    : FaceSamples(options), files_(std::move(files)), samples_(std::move(samples)) {
  weighted_ = std::any_of(samples_.begin(), samples_.end(),
                          [&](Place p) { return (files_->entry(p).flags & Entry::kUnknownPoints) != 0; });
}

FaceShards FaceShards::open(const fs::path& folder, const ShardOptions& options) {
  return open(std::span(&folder, 1), options);
}

FaceShards FaceShards::open(std::span<const fs::path> folders, const ShardOptions& options) {
  if (folders.empty()) throw ArgumentError({"shards", "there is no folder", "at least one", "none", ""});
  if (options.window < 1)
    throw ArgumentError({"shards", "the window is out of range", "1 or more", std::to_string(options.window), ""});
  const auto files = std::make_shared<Files>(options.memory);
  for (const fs::path& folder : folders) {
    shards::OpenedPack pack = shards::open_pack(folder);
    if (files->shards.empty())
      files->info = pack.info;
    else
      shards::require_alike(files->info, pack.info, folder);
    for (ShardFile& shard : pack.shards) {
      files->shards.push_back(std::move(shard));
      files->raw.push_back(pack.info.quality == 0);
    }
    files->rejected.insert(files->rejected.end(), pack.rejected.begin(), pack.rejected.end());
  }
  std::vector<Place> samples;
  for (std::uint32_t s = 0; s < files->shards.size(); ++s)
    for (std::uint32_t i = 0; i < files->shards[s].size(); ++i)
      if (files->is_good({s, i}, options.verify)) samples.push_back({s, i});
  if (samples.empty())
    throw FormatError({folders.front().string(), "no sample of the shards can be read", "at least one",
                       files->rejected.empty() ? "none" : files->rejected.front().reason, "pack the faces again"});
  StoreOptions store;
  store.preprocessing = options.preprocessing.value_or(files->info.preprocessing);
  store.augment = options.augment;
  store.scheme = files->info.scheme;
  shards::require_within(files->info.preprocessing, store.preprocessing, folders.front());
  FaceShards made(files, std::move(samples), store);
  made.window_ = static_cast<std::size_t>(options.window);
  return made;
}

FaceShards FaceShards::pick(std::span<const std::size_t> indices) const {
  std::vector<Place> samples;
  std::vector<std::size_t> sorted(indices.begin(), indices.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  if (!sorted.empty() && sorted.back() >= size())
    throw ArgumentError({"shards", "there is no such sample", "less than " + std::to_string(size()),
                         std::to_string(sorted.back()), ""});
  samples.reserve(sorted.size());
  for (const std::size_t i : sorted) samples.push_back(samples_[i]);
  StoreOptions store;
  store.preprocessing = preprocessing();
  store.augment = augment();
  store.scheme = scheme();
  FaceShards made(files_, std::move(samples), store);
  made.window_ = window_;
  return made;
}

std::size_t FaceShards::size() const {
  return samples_.size();
}
bool FaceShards::weighted() const {
  return weighted_;
}

std::shared_ptr<const KeptFace> FaceShards::kept(std::size_t index) const {
  constexpr std::size_t kMost = 1000;
  // In place of a damaged sample comes the next one of this set: never one that is held out from it.
  const std::size_t most = std::min(kMost, size());
  for (std::size_t k = 0; k < most; ++k)
    if (auto face = files_->get(samples_[(index + k) % size()])) return face;
  const std::vector<Rejected> all = rejected();
  throw FormatError({all.empty() ? "shards" : all.back().file,
                     std::to_string(most) + " samples in a row cannot be read", "",
                     all.empty() ? "" : all.back().reason, "check the disk, or pack the faces again"});
}

void FaceShards::prepare(std::size_t index, Random random, bool augmented, const Sample& to) const {
  prepare_kept(*kept(index), random, augmented, to);
}

void FaceShards::shuffle_epoch(std::span<std::size_t> order, Random random) const {
  struct Group {
    std::size_t first, end;
  };
  std::vector<Group> groups;  // the samples of each shard
  for (std::size_t i = 0; i < size(); ++i) {
    if (i == 0 || samples_[i].shard != samples_[i - 1].shard) groups.push_back({i, i});
    groups.back().end = i + 1;
  }
  std::size_t filled = 0;
  for (std::uint64_t pass = 0; filled < order.size(); ++pass) {
    const std::uint64_t upper = random.bits();
    const std::uint64_t seed = upper << 32 | random.bits();
    shuffle(groups, Random(seed));
    for (std::size_t g = 0; g < groups.size(); g += window_) {
      const std::size_t begin = filled;
      for (std::size_t k = g; k < std::min(groups.size(), g + window_); ++k)
        for (std::size_t i = groups[k].first; i < groups[k].end && filled < order.size(); ++i) order[filled++] = i;
      std::span<std::size_t> together = order.subspan(begin, filled - begin);
      shuffle(together, Random(seed, 1 + g));
    }
  }
}

KeptFace FaceShards::face(std::size_t i) const {
  return *kept(i);
}
std::string FaceShards::name(std::size_t i) const {
  return std::string(files_->entry(samples_[i]).name);
}
PhotoPrint FaceShards::print(std::size_t i) const {
  const Entry entry = files_->entry(samples_[i]);
  if ((entry.flags & Entry::kOfPhoto) == 0) return {};
  return {std::string(entry.name), entry.content, entry.look};
}
float FaceShards::side(std::size_t i) const {
  return files_->entry(samples_[i]).side;
}
/// Its checksum is of all that it is.
void FaceShards::identify(std::size_t i, std::vector<std::uint8_t>& bytes) const {
  const std::uint64_t sum = checksum(i);
  const auto* first = reinterpret_cast<const std::uint8_t*>(&sum);
  bytes.insert(bytes.end(), first, first + sizeof sum);
}
std::uint64_t FaceShards::checksum(std::size_t i) const {
  return files_->entry(samples_[i]).checksum;
}
std::size_t FaceShards::shard(std::size_t i) const {
  return samples_[i].shard;
}

std::vector<std::string> FaceShards::photos() const {
  // Samples are of one photo that have its id or its bytes, or share either with another that is.
  DisjointSets sets(size());
  std::unordered_map<std::string_view, std::size_t> by_id;
  std::unordered_map<std::uint64_t, std::size_t> by_content;
  for (std::size_t i = 0; i < size(); ++i) {
    const Entry entry = files_->entry(samples_[i]);
    sets.join(i, by_id.emplace(entry.photo, i).first->second);
    if ((entry.flags & Entry::kOfPhoto) != 0) sets.join(i, by_content.emplace(entry.content, i).first->second);
  }
  // The smallest id is the photo's, whatever the order of the packs.
  std::vector<std::string_view> smallest(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const std::string_view id = files_->entry(samples_[i]).photo;
    std::string_view& known = smallest[sets.of(i)];
    if (known.data() == nullptr || id < known) known = id;
  }
  std::vector<std::string> ids;
  ids.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) ids.emplace_back(smallest[sets.of(i)]);
  return ids;
}

const PackInfo& FaceShards::info() const {
  return files_->info;
}
std::vector<Rejected> FaceShards::rejected() const {
  const std::lock_guard lock(files_->mutex);
  return files_->rejected;
}
std::size_t FaceShards::shards() const {
  return files_->shards.size();
}
std::uint64_t FaceShards::file_bytes() const {
  std::uint64_t sum = 0;
  for (const ShardFile& shard : files_->shards) sum += shard.file_size();
  return sum;
}
std::size_t FaceShards::index_bytes() const {
  std::size_t sum = samples_.size() * sizeof(Place);
  for (const ShardFile& shard : files_->shards) sum += shard.index_bytes();
  return sum;
}
std::size_t FaceShards::cached_bytes() const {
  return files_->cache.bytes();
}
std::size_t FaceShards::decoded_bytes() const {
  constexpr std::size_t kLooked = 32;
  const std::size_t count = std::min(kLooked, size());
  std::size_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += CropCache::bytes_of(*kept(i * size() / count));
  return sum * size() / count;
}

}  // namespace lineament
