// What the library and the program ask of the operating system, in words of their own. platform.cpp is the only file
// that includes a system's headers: another system needs another platform.cpp, and nothing else.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace lineament::platform {

/// An open file or folder, closed with the object. Errors come back in an error_code, which a success clears.
class File {
 public:
  enum class Open {
    read,
    write,   ///< one that is there: a device or a pipe, too
    make,    ///< to be written; it is an error if there is one of this name
    folder,  ///< to sync it or to lock it
  };
  struct Info {
    std::uint64_t size = 0;  ///< bytes; 0 for pipes and for what the system makes up while it is read
    bool is_folder = false;
  };

  File() = default;
  /// `mode` is a made file's, less what the user's mask takes from it.
  File(const std::filesystem::path& path, Open how, std::error_code& error,
       std::filesystem::perms mode = std::filesystem::perms{0644});
  ~File() { close(); }
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;

  bool is_open() const { return descriptor_ >= 0; }
  void close() noexcept;
  Info info(std::error_code& error) const;
  /// Up to bytes.size() bytes from where the last read ended. Returns how many; 0 at the end.
  std::size_t read(std::span<std::uint8_t> bytes, std::error_code& error);
  /// Up to bytes.size() bytes from `offset` on, from several threads at once. Returns how many; fewer only at the end.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> bytes, std::error_code& error) const;
  /// That all of it will soon be read: advice, and no more.
  void advise_needed() const noexcept;
  /// All of them, or an error.
  void write(std::span<const std::uint8_t> bytes, std::error_code& error);
  /// Exactly these, whatever the user's mask.
  void set_permissions(std::filesystem::perms mode, std::error_code& error);
  /// Returns once the disk has everything.
  void sync(std::error_code& error);
  /// Locks it for this object alone, until it is closed or the process ends. False where another process has the lock.
  /// True, too, where the file system knows no locks: the lock is a courtesy between programs of ours.
  bool lock();

 private:
  int descriptor_ = -1;
};

/// `bytes` bytes at a multiple of `alignment`, a power of two; nullptr when there is no memory. For std::free().
void* allocate(std::size_t bytes, std::size_t alignment) noexcept;
/// Memory is mapped by the page, and each page's first use costs a fault: large ones make it one for every 2 MB.
inline constexpr std::size_t kHugePage = std::size_t{1} << 21;
/// Asks for huge pages where whole ones lie between `memory` and its end. Advice only: refusal changes nothing.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

/// Whether a 64-bit ARM processor adds up products of four bytes (SDOT, of armv8.2). False where the system does not
/// tell, and on other processors.
bool has_dot_products();
/// Asks the system to keep the registers of AMX for this process's threads, as Linux wants before they are used. False
/// where it refuses, and on other systems.
bool allow_amx();
/// Bytes of a core's second-level cache; 0 where the system does not tell.
std::size_t second_level_cache();
/// Bytes of memory that the machine has.
std::uint64_t physical_memory();
/// The processor's name as the system tells it; empty where it tells none.
std::string processor_name();
/// The first processor's name in the text of Linux's /proc/cpuinfo, with family and model where these are told: some
/// makers give processors of several years one name. Those of ARM have numbers: of the maker and the part, with variant
/// and revision.
std::string processor_name(std::string_view cpuinfo);
/// A number that no other running process has.
int process_id();

/// A file that grows beyond the largest size allowed is a failed write, as on a full disk, and ends no program.
void let_writes_fail() noexcept;

/// Whether a person reads standard error.
bool error_is_terminal();
/// Characters in a line of that terminal; 80 where nobody knows.
std::size_t error_columns();
/// Writes to standard error in a signal handler, where stdio may not be used.
void write_error_in_handler(std::string_view text) noexcept;

/// std::strtod as in the locale "C", whatever locale is set: 1.5 has a point everywhere. `text` ends with a zero; `end`
/// becomes the place of the first character that is not part of the number.
double parse_double(const char* text, const char*& end);

}  // namespace lineament::platform
