#include "lineament/file.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <new>
#include <system_error>

#include "lineament/error.hpp"
#include "platform/folder.hpp"
#include "platform/platform.hpp"

namespace lineament {
namespace {

using platform::File;

const char* fix_for(const std::error_code& error) {
  const auto is = [&](auto... any) { return ((error == any) || ...); };
  using std::errc;
  if (is(errc::no_such_file_or_directory, errc::not_a_directory, errc::filename_too_long)) return "check the path";
  if (is(errc::is_a_directory)) return "give a file, not a folder";
  if (is(errc::file_too_large)) return "raise the limit on the size of files (ulimit -f)";
  if (is(errc::permission_denied, errc::operation_not_permitted)) return "check the permissions";
  if (is(errc::read_only_file_system)) return "choose another folder";
  if (is(errc::no_space_on_device) || error.value() == EDQUOT) return "free some space or choose another disk";
  return "";
}

void require(const std::error_code& error, const std::filesystem::path& path, const char* what) {
  if (error) throw FileError({path.string(), what, "", error.message(), fix_for(error)});
}

/// The file beside `path` that becomes it: this call's alone. Removed with the object, unless its file was closed.
struct HalfWritten {
  HalfWritten(const std::filesystem::path& path, const std::filesystem::file_status& there, std::error_code& error) {
    // A file that only its owner may read is so at every moment of its being replaced.
    const bool is_there = std::filesystem::exists(there);
    const auto mode = is_there ? there.permissions() & std::filesystem::perms::all : std::filesystem::perms{0644};
    // Of a name that is as long as names may be, the end is left out.
    constexpr std::size_t kLongest = 230;
    const std::string begin = path.filename().string().substr(0, kLongest).append(platform::kHalfWritten);
    // Other threads have another count, other processes another number: but for those of other containers, and those
    // that were killed.
    static std::atomic<std::uint32_t> count{0};
    constexpr int kMostTries = 1 << 16;
    for (int tries = 0; tries < kMostTries; ++tries) {
      name = path.parent_path() / (begin + std::to_string(platform::process_id()) + std::to_string(count++));
      file = File(name, File::Open::make, error, mode);
      if (error != std::errc::file_exists) break;
    }
    std::error_code refused;  // by a disk that knows no permissions
    if (file.is_open() && is_there) file.set_permissions(mode, refused);
  }
  ~HalfWritten() {
    std::error_code error;
    if (file.is_open()) std::filesystem::remove(name, error);
  }
  HalfWritten(const HalfWritten&) = delete;
  HalfWritten& operator=(const HalfWritten&) = delete;

  std::filesystem::path name;
  File file;
};

/// What a link points to is replaced, and not the link: also where nothing is there yet.
std::filesystem::path target_of(const std::filesystem::path& path) {
  constexpr int kMostLinks = 40;  // why: as many as Linux follows
  std::filesystem::path target = path;
  std::error_code error;
  for (int links = 0; std::filesystem::is_symlink(target, error); ++links) {
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error || links == kMostLinks) return path;
    target = target.parent_path() / next;
  }
  return target;
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) try {
  constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 36;
  constexpr std::size_t kLargestStream = std::size_t{1} << 31;  // why: a device such as /dev/zero has no end
  std::error_code error;
  File file(path, File::Open::read, error);
  require(error, path, "cannot be opened");
  const File::Info info = file.info(error);
  require(error, path, "cannot be read");
  if (info.is_folder) require(std::make_error_code(std::errc::is_a_directory), path, "cannot be read");
  if (info.size > kLargest)
    throw FileError({path.string(), "it is too large to be read", "at most 64 GiB",
                     std::to_string(info.size) + " bytes", "check what file this is"});
  std::vector<std::uint8_t> bytes;
  // One more, so that the end shows without making room for more.
  bytes.reserve(static_cast<std::size_t>(info.size) + 1);
  // Reading a model of tens of megabytes would take a page fault for every 4 KB.
  platform::advise_huge_pages(bytes.data(), bytes.capacity());
  bytes.resize(static_cast<std::size_t>(info.size) + 1);
  std::size_t filled = 0;
  for (;;) {  // Pipes and /proc files say size 0, and a file may grow: read to the end whatever its size is said to be.
    if (filled == bytes.size() && info.size == 0 && filled > kLargestStream)
      throw FileError({path.string(), "it has no end", "a file", "more than 2 GiB from a device or a pipe", ""});
    if (filled == bytes.size()) bytes.resize(bytes.size() + std::max<std::size_t>(65536, bytes.size() / 2));
    const std::size_t n = file.read(std::span(bytes).subspan(filled), error);
    require(error, path, "cannot be read");
    if (n == 0) break;
    filled += n;
  }
  bytes.resize(filled);
  return bytes;
} catch (const std::bad_alloc&) {
  throw FileError({path.string(), "there is not enough memory to read it", "", "", "check what file this is"});
}

std::string read_text(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

void write_file(const std::filesystem::path& link, std::span<const std::uint8_t> bytes) {
  std::error_code error;
  const std::filesystem::path path = target_of(link);
  // A device or a pipe is written to, not replaced: as root, /dev/null would become a file.
  const std::filesystem::file_status there = std::filesystem::status(path, error);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    File file(path, File::Open::write, error);
    require(error, path, "cannot be written");
    file.write(bytes, error);
    return require(error, path, "cannot be written");
  }
  HalfWritten half(path, there, error);
  require(error, path, "cannot be written");
  half.file.write(bytes, error);
  require(error, path, "cannot be written");
  half.file.sync(error);
  require(error, path, "cannot be written");
  std::filesystem::rename(half.name, path, error);
  require(error, path, "cannot be replaced");
  half.file.close();
  // The rename itself is only durable once the folder is; a folder that cannot be synced (some network disks) is no
  // loss.
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  File directory(folder, File::Open::folder, error);
  if (directory.is_open()) directory.sync(error);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace lineament
