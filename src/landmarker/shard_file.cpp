#include "landmarker/shard_file.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <system_error>
#include <utility>

#include "lineament/error.hpp"

namespace lineament::shards {
namespace {

using platform::File;

File opened(const std::filesystem::path& path) {
  std::error_code error;
  File file(path, File::Open::read, error);
  if (error) throw FileError({path.string(), "cannot be opened", "", error.message(), "check the disk"});
  return file;
}

/// As many of `bytes` as there are in the file.
std::span<const std::uint8_t> read_part(const File& file, std::uint64_t offset, std::span<std::uint8_t> bytes,
                                        const std::filesystem::path& path) {
  std::error_code error;
  const std::size_t count = file.read_at(offset, bytes, error);
  if (error) throw FileError({path.string(), "cannot be read", "", error.message(), "check the disk"});
  return bytes.first(count);
}
FileBytes read_part(const File& file, std::uint64_t offset, std::size_t size, const std::filesystem::path& path) {
  FileBytes bytes(size);
  bytes.resize(read_part(file, offset, bytes, path).size());
  return bytes;
}

}  // namespace

ShardFile::ShardFile(std::filesystem::path path) : path_(std::move(path)) {
  const std::string name = path_.string();
  const File file = opened(path_);
  std::error_code error;
  file_size_ = file.info(error).size;
  header_ = decode_header(read_part(file, 0, kHeaderSize, path_), name);
  const std::uint64_t rest = header_.about_bytes + header_.index_bytes;
  const auto cut = [&] {
    return FormatError({name, "it has been cut short, and its index with it", "", std::to_string(file_size_) + " bytes",
                        "copy it again, or pack the faces again"});
  };
  // A header whose checksum is right is believed, but not with more memory than the file has bytes.
  if (header_.index_bytes > std::numeric_limits<std::uint32_t>::max() || kHeaderSize + rest > file_size_) throw cut();
  FileBytes bytes = read_part(file, kHeaderSize, static_cast<std::size_t>(rest), path_);
  if (bytes.size() != rest) throw cut();
  if (content_digest(bytes) != header_.checksum)
    throw FormatError({name, "the checksum of its index differs", "", "", "copy it again, or pack the faces again"});
  const auto index = bytes.begin() + static_cast<std::ptrdiff_t>(header_.about_bytes);
  about_ = decode_about(std::string(bytes.begin(), index), name);
  index_.assign(index, bytes.end());
  whole_size_ = kHeaderSize + rest;
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < header_.samples; ++i) {
    starts_.push_back(static_cast<std::uint32_t>(at));
    const Entry entry = decode_entry(index_, at, name);
    whole_size_ = std::max(whole_size_, entry.offset + entry.size);
  }
}

Entry ShardFile::entry(std::size_t at) const {
  std::size_t start = starts_[at];
  return decode_entry(index_, start, path_.string());
}

std::shared_ptr<const File> OpenFiles::file_of(const ShardFile& shard) {
  constexpr std::size_t kMostOpen = 64;  // why: a process may often have no more than 1,024, and wants others, too
  constexpr int kOften = 16;             // reads: whoever looks here and there does not want the whole file
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = open_.try_emplace(&shard);
  Open& open = found->second;
  if (is_new) {
    try {
      open.file = std::make_shared<const File>(opened(shard.path()));
    } catch (...) {
      open_.erase(found);
      throw;
    }
    last_used_.push_front(&shard);
    open.place = last_used_.begin();
  } else {
    last_used_.splice(last_used_.begin(), last_used_, open.place);
  }
  if (++open.reads == kOften) open.file->advise_needed();
  std::shared_ptr<const File> file = open.file;
  if (open_.size() > kMostOpen) {
    open_.erase(last_used_.back());
    last_used_.pop_back();
  }
  return file;
}

std::span<const std::uint8_t> OpenFiles::read(const ShardFile& shard, const Entry& entry) {
  thread_local FileBytes memory;  // given back after each sample, it would come with page faults each time
  if (memory.size() < entry.size) memory.resize(entry.size);
  const auto bytes = read_part(*file_of(shard), entry.offset, std::span(memory).first(entry.size), shard.path());
  constexpr const char* kFix = "copy the shard again, or pack the faces again";
  if (bytes.size() != entry.size) throw FormatError({"", "the shard has been cut short before it", "", "", kFix});
  if (content_digest(bytes) != entry.checksum)
    throw FormatError({"", "its checksum differs: the shard is damaged", "", "", kFix});
  return bytes;
}

}  // namespace lineament::shards
