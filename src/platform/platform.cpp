// POSIX, with what Linux alone has where it is there.
#include "platform/platform.hpp"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#endif
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

namespace lineament::platform {
namespace {

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// What `call` returns once no signal interrupts it; below 0 with errno set when it fails.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

int flags_of(File::Open how) {
  switch (how) {
    case File::Open::read:
      return O_RDONLY;
    case File::Open::write:
      return O_WRONLY;
    case File::Open::make:
      return O_WRONLY | O_CREAT | O_EXCL;
    case File::Open::folder:
      return O_RDONLY | O_DIRECTORY;
  }
  return O_RDONLY;
}

}  // namespace

File::File(const std::filesystem::path& path, Open how, std::error_code& error, std::filesystem::perms mode) {
  descriptor_ =
      uninterrupted([&] { return ::open(path.c_str(), flags_of(how) | O_CLOEXEC, static_cast<mode_t>(mode)); });
  error = descriptor_ < 0 ? last_error() : std::error_code();
}

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void File::close() noexcept {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

File::Info File::info(std::error_code& error) const {
  struct stat info {};
  const bool known = ::fstat(descriptor_, &info) == 0;
  error = known ? std::error_code() : last_error();
  if (!known) return {};
  return {static_cast<std::uint64_t>(info.st_size), S_ISDIR(info.st_mode)};
}

std::size_t File::read(std::span<std::uint8_t> bytes, std::error_code& error) {
  const ssize_t n = uninterrupted([&] { return ::read(descriptor_, bytes.data(), bytes.size()); });
  error = n < 0 ? last_error() : std::error_code();
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

std::size_t File::read_at(std::uint64_t offset, std::span<std::uint8_t> bytes, std::error_code& error) const {
  error.clear();
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const std::span<std::uint8_t> rest = bytes.subspan(filled);
    const ssize_t n = uninterrupted(
        [&] { return ::pread(descriptor_, rest.data(), rest.size(), static_cast<off_t>(offset + filled)); });
    if (n < 0) error = last_error();
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

void File::advise_needed() const noexcept {
#ifdef POSIX_FADV_WILLNEED
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_WILLNEED);
#endif
}

void File::write(std::span<const std::uint8_t> bytes, std::error_code& error) {
  error.clear();
  while (!bytes.empty()) {
    const ssize_t n = uninterrupted([&] { return ::write(descriptor_, bytes.data(), bytes.size()); });
    if (n < 0) {
      error = last_error();
      return;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void File::set_permissions(std::filesystem::perms mode, std::error_code& error) {
  error = ::fchmod(descriptor_, static_cast<mode_t>(mode)) == 0 ? std::error_code() : last_error();
}

void File::sync(std::error_code& error) {
  error = ::fsync(descriptor_) == 0 ? std::error_code() : last_error();
}

bool File::lock() {
  return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
  void* memory = nullptr;
  return ::posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
}

void advise_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (begin + bytes) / kHugePage * kHugePage;
  if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

std::uint64_t physical_memory() {
  return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

int process_id() {
  return static_cast<int>(::getpid());
}

void let_writes_fail() noexcept {
  ::signal(SIGXFSZ, SIG_IGN);
}

bool error_is_terminal() {
  return ::isatty(STDERR_FILENO) != 0;
}

std::size_t error_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void write_error_in_handler(std::string_view text) noexcept {
  // What a failed write would say cannot be said.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

double parse_double(const char* text, const char*& end) {
  static const locale_t plain = ::newlocale(LC_ALL_MASK, "C", nullptr);
  if (plain == nullptr) throw std::bad_alloc();
  char* last = nullptr;
  const double value = ::strtod_l(text, &last, plain);
  end = last;
  return value;
}

bool allow_amx() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long kAsk = 0x1023, kRegisters = 18;  // ARCH_REQ_XCOMP_PERM, XTILEDATA: not every C library names them
  return ::syscall(SYS_arch_prctl, kAsk, kRegisters) == 0;
#else
  return false;
#endif
}

bool has_dot_products() {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;  // compiled for processors that have it, as for Macs
#elif defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long kDotProducts = 1ul << 20;  // HWCAP_ASIMDDP, which not every C library names
  return (::getauxval(AT_HWCAP) & kDotProducts) != 0;
#else
  return false;
#endif
}

std::size_t second_level_cache() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  if (const long bytes = ::sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) return static_cast<std::size_t>(bytes);
#endif
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index2/size");  // "1024K"
  std::size_t size = 0;
  char unit = 0;
  if (!(file >> size)) return 0;
  file >> unit;
  return size * (unit == 'K' ? std::size_t{1} << 10 : unit == 'M' ? std::size_t{1} << 20 : 1);
}

std::string processor_name(std::string_view cpuinfo) {
  const auto value_of = [&](std::string_view key) -> std::string {
    for (std::size_t at = 0; at < cpuinfo.size();) {
      const std::size_t end = std::min(cpuinfo.find('\n', at), cpuinfo.size());
      const std::string_view line = cpuinfo.substr(at, end - at);
      const std::size_t colon = line.find(':');
      at = end + 1;
      if (colon == std::string_view::npos || !line.starts_with(key)) continue;
      if (line.find_first_not_of(" \t", key.size()) != colon) continue;  // a longer key
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      return value == std::string_view::npos ? "" : std::string(line.substr(value));
    }
    return "";
  };
  // The name, and what tells processors of one name apart.
  const auto both = [](const std::string& name, const std::string& one, const std::string& first,
                       const std::string& other, const std::string& second) {
    if (first.empty() || second.empty()) return name;
    return name + " (" + one + " " + first + ", " + other + " " + second + ")";
  };
  if (const std::string name = value_of("model name"); !name.empty())
    return both(name, "family", value_of("cpu family"), "model", value_of("model"));
  const std::string maker = value_of("CPU implementer"), part = value_of("CPU part");
  if (maker.empty() || part.empty()) return "";
  return both("ARM implementer " + maker + ", part " + part, "variant", value_of("CPU variant"), "revision",
              value_of("CPU revision"));
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  return processor_name(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace lineament::platform
