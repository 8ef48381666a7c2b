// The folder that a pack is written to: what was finished in it before, and what comes new.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "landmarker/shard_format.hpp"
#include "lineament/landmarker/pack_faces.hpp"
#include "platform/platform.hpp"

namespace lineament::shards {

class PackFolder {
 public:
  /// Makes the folder, or finds out how far the pack of this description has come in it. Throws as pack_faces().
  PackFolder(std::filesystem::path folder, std::string description);

  bool is_finished() const { return finished_; }
  const PackResult& found() const { return found_; }
  std::size_t next_source() const { return next_; }  ///< the first that is in no finished shard

  /// Returns the number of bytes.
  std::uint64_t write(std::size_t number, std::span<const std::uint8_t> shard) const;
  void finish(const PackResult& result) const;

 private:
  std::optional<PackState> state_there() const;
  void require_ours();
  void find_shards();

  std::filesystem::path folder_;
  std::string description_;
  platform::File lock_;
  PackResult found_;
  std::optional<std::size_t> wanted_;  ///< shards of a finished pack
  std::size_t next_ = 0;
  bool finished_ = false;
};

}  // namespace lineament::shards
