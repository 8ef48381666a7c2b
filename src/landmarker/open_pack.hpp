// The shards of one folder, and whether they belong together.
#pragma once
#include <filesystem>
#include <vector>

#include "landmarker/shard_file.hpp"

namespace lineament::shards {

struct OpenedPack {
  PackInfo info;
  std::vector<ShardFile> shards;     ///< by their numbers
  std::vector<Rejected> rejected{};  ///< shards that cannot be read, and those that are missing
};

/// Throws FileError where the folder cannot be listed, FormatError where the pack is not finished, no shard can be
/// read, or they are of several packs.
OpenedPack open_pack(const std::filesystem::path& folder);

/// Throws ArgumentError unless samples of both can be in one set.
void require_alike(const PackInfo& first, const PackInfo& other, const std::filesystem::path& folder);
/// Throws ArgumentError unless what is `wanted` lies within what was `packed`.
void require_within(const Preprocessing& packed, const Preprocessing& wanted, const std::filesystem::path& folder);

}  // namespace lineament::shards
