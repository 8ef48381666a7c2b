#include "lineament/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "lineament/error.hpp"

namespace lineament {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what, int error) {
  std::string fix;
  if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG) fix = "check the path";
  if (error == EISDIR) fix = "give a file, not a folder";
  if (error == EFBIG) fix = "raise the limit on the size of files (ulimit -f)";
  if (error == EACCES || error == EPERM || error == EROFS) fix = "check the permissions or choose another folder";
  if (error == ENOSPC || error == EDQUOT) fix = "free some space or choose another disk";
  throw FileError({path.string(), what, "", std::strerror(error), fix});
}

/// Closes on scope exit.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

int open_retrying(const char* path, int flags, mode_t mode = 0) {
  int fd;
  do fd = ::open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/// Reading a model of tens of megabytes would take a page fault for every 4 KB.
void advise_huge_pages([[maybe_unused]] std::uint8_t* bytes, [[maybe_unused]] std::size_t size) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kPage = std::uintptr_t{1} << 21;
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes), end = (begin + size) / kPage * kPage;
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);  // advice only
#endif
}

void write_all(int fd, std::span<const std::uint8_t> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  const Descriptor file{open_retrying(path.c_str(), O_RDONLY)};
  if (file.fd < 0) fail(path, "cannot be opened", errno);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) fail(path, "cannot be read", errno);
  if (S_ISDIR(info.st_mode)) fail(path, "cannot be read", EISDIR);
  std::vector<std::uint8_t> bytes;
  // One more, so that the end shows without making room for more.
  bytes.reserve(static_cast<std::size_t>(info.st_size) + 1);
  advise_huge_pages(bytes.data(), bytes.capacity());
  bytes.resize(static_cast<std::size_t>(info.st_size) + 1);
  std::size_t filled = 0;
  for (;;) {  // Pipes and /proc files say size 0, and a file may grow: read to the end whatever stat said.
    if (filled == bytes.size()) bytes.resize(bytes.size() + 65536);
    const ssize_t n = ::read(file.fd, bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot be read", errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  bytes.resize(filled);
  return bytes;
}

std::string read_text(const std::filesystem::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  // A device or a pipe is written to, not replaced: as root, /dev/null would become a file.
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    const Descriptor file{open_retrying(path.c_str(), O_WRONLY)};
    if (file.fd < 0) fail(path, "cannot be written", errno);
    return write_all(file.fd, bytes, path);
  }
  const std::filesystem::path temporary = path.string() + ".tmp" + std::to_string(::getpid());
  try {
    const Descriptor file{open_retrying(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644)};
    if (file.fd < 0) fail(path, "cannot be written", errno);
    write_all(file.fd, bytes, path);
    if (::fsync(file.fd) != 0) fail(path, "cannot be written", errno);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "cannot be replaced", errno);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  // The rename itself is only durable once the folder is; a folder that cannot be synced (some network disks) is no
  // loss.
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const Descriptor directory{open_retrying(folder.c_str(), O_RDONLY | O_DIRECTORY)};
  if (directory.fd >= 0) ::fsync(directory.fd);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace lineament
