// One shard, opened: its index in memory, its samples read when they are asked for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "landmarker/shard_format.hpp"
#include "platform/platform.hpp"

namespace lineament::shards {

/// What is held of a shard in memory.
class ShardFile {
 public:
  /// Reads the shard's beginning. Throws FileError and FormatError.
  explicit ShardFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::string name() const { return path_.filename().string(); }
  const Header& header() const { return header_; }
  const About& about() const { return about_; }
  void forget_about() { about_ = {}; }  ///< kilobytes
  std::uint64_t file_size() const { return file_size_; }
  /// What it should be.
  std::uint64_t whole_size() const { return whole_size_; }
  std::size_t index_bytes() const { return index_.size() + starts_.size() * sizeof(starts_[0]); }

  std::size_t size() const { return starts_.size(); }
  /// Valid as long as this object is.
  Entry entry(std::size_t at) const;
  /// Whether the file, as long as it was when it was opened, has the whole record.
  bool holds(const Entry& entry) const { return entry.offset + entry.size <= file_size_; }

 private:
  std::filesystem::path path_;
  std::uint64_t file_size_ = 0, whole_size_ = 0;
  Header header_;
  About about_;
  FileBytes index_;
  std::vector<std::uint32_t> starts_;  ///< of entries in the index
};

/// Files that samples are read from, not too many of them open at once.
class OpenFiles {
 public:
  /// The record of `entry`, checked, until this thread reads another. Throws FileError and FormatError. Safe to call
  /// from several threads.
  std::span<const std::uint8_t> read(const ShardFile& shard, const Entry& entry);

 private:
  struct Open {
    std::shared_ptr<const platform::File> file;
    int reads = 0;
    std::list<const ShardFile*>::iterator place;
  };
  std::shared_ptr<const platform::File> file_of(const ShardFile& shard);

  std::mutex mutex_;
  std::unordered_map<const ShardFile*, Open> open_;
  std::list<const ShardFile*> last_used_;  ///< first: the newest
};

}  // namespace lineament::shards
