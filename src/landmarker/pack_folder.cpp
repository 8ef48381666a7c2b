#include "landmarker/pack_folder.hpp"

#include <system_error>
#include <utility>

#include "landmarker/pack_description.hpp"
#include "landmarker/shard_file.hpp"
#include "landmarker/shard_format.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "platform/folder.hpp"

namespace lineament::shards {

namespace fs = std::filesystem;

PackFolder::PackFolder(fs::path folder, std::string description)
    : folder_(std::move(folder)), description_(std::move(description)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw FileError({folder_.string(), "the folder cannot be made", "", error.message(), "choose another one"});
  lock_ = platform::lock_folder(folder_, "another pack is being written to this folder",
                                "wait for its end, or choose another folder");
  require_ours();
  platform::remove_half_written(folder_,
                                [](const std::string& file) { return is_file_name(file) || file == kPackFile; });
  find_shards();
  if (!finished_) write_file(folder_ / kPackFile, encode(PackState{description_}));
}

/// What pack.json says; without it, what the shards say of themselves: a pack that is not known to be finished.
std::optional<PackState> PackFolder::state_there() const {
  const fs::path file = folder_ / kPackFile;
  std::error_code error;
  const bool is_there = fs::exists(file, error);
  if (is_there) {
    try {
      return decode_state(read_text(file), file.string());
    } catch (const FormatError&) {  // the shards know
    }
  }
  std::string shards;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    if (!is_file_name(entry->path().filename().string())) continue;
    shards = entry->path().filename().string();
    try {
      return PackState{ShardFile(entry->path()).about().pack};
    } catch (const Error&) {  // another one may be whole
    }
  }
  if (!shards.empty())
    throw ArgumentError({folder_.string(), "there are shards in this folder that a new pack would replace", "", shards,
                         "choose another folder"});
  if (is_there) throw FormatError({file.string(), "not the description of a pack", "", "", "choose another folder"});
  return std::nullopt;
}

void PackFolder::require_ours() {
  const std::optional<PackState> state = state_there();
  if (!state) return;
  if (state->pack != description_) {
    const Difference d = difference(state->pack, description_);
    const std::string what = d.key == "data" ? "the photos or their points" : "'" + d.key + "'";
    throw ArgumentError(
        {folder_.string(),
         "there is a pack of other arguments in this folder: " + what + " differ" + (d.key == "data" ? "" : "s"),
         d.first, d.second, "give the same arguments to go on with it, or choose another folder"});
  }
  if (state->finished) wanted_ = state->shards;
}

/// Shards from the first one on, as long as each is there, whole to the last byte, and begins where the one before it
/// ends.
void PackFolder::find_shards() {
  for (;; ++found_.shards) {
    const fs::path file = folder_ / file_name(found_.shards);
    std::error_code error;
    if (!fs::exists(file, error)) break;
    try {
      const ShardFile shard(file);
      if (shard.about().pack != description_ || shard.about().first != next_ ||
          shard.header().number != found_.shards || shard.file_size() != shard.whole_size())
        break;
      OpenFiles files;
      for (std::size_t i = 0; i < shard.size(); ++i) files.read(shard, shard.entry(i));
      next_ = static_cast<std::size_t>(shard.about().end);
      found_.samples += shard.size();
      found_.bytes += shard.file_size();
      for (const Rejected& r : shard.about().rejected) found_.rejected.push_back(r);
    } catch (const Error&) {  // damaged: it is written anew
      break;
    }
  }
  found_.found = found_.shards;
  finished_ = wanted_ == found_.shards;  // else some were lost since, or never written
}

std::uint64_t PackFolder::write(std::size_t number, std::span<const std::uint8_t> shard) const {
  write_file(folder_ / file_name(number), shard);
  return shard.size();
}

void PackFolder::finish(const PackResult& result) const {
  write_file(folder_ / kPackFile, encode(PackState{description_, true, result.shards, result.samples}));
}

}  // namespace lineament::shards
