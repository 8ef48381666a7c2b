// What is asked of the operating system: files, locks, memory.
#include "platform/platform.hpp"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "support/folder.hpp"

using lineament::platform::File;
using lineament::testing::Folder;
namespace platform = lineament::platform;

TEST_CASE("platform: a file is written, synced and read back in parts") {
  const Folder folder("platform_file");
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5};
  std::error_code error;
  {
    File file(folder / "a", File::Open::make, error);
    REQUIRE(!error);
    file.write(bytes, error);
    CHECK(!error);
    file.sync(error);
    CHECK(!error);
  }
  File file(folder / "a", File::Open::read, error);
  REQUIRE(!error);
  CHECK(file.info(error).size == 5);
  CHECK(!file.info(error).is_folder);
  std::vector<std::uint8_t> part(4);
  CHECK(file.read(part, error) == 4);
  CHECK(part == std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK(file.read(part, error) == 1);
  CHECK(part[0] == 5);
  CHECK(file.read(part, error) == 0);
  CHECK(!error);
  file.write(bytes, error);  // opened to be read
  CHECK(error);
}

TEST_CASE("platform: a file is read anywhere, without moving where it is read on") {
  const Folder folder("platform_at");
  std::error_code error;
  File(folder / "a", File::Open::make, error).write(std::vector<std::uint8_t>{1, 2, 3, 4, 5}, error);
  File file(folder / "a", File::Open::read, error);
  std::vector<std::uint8_t> part(3);
  CHECK(file.read_at(1, part, error) == 3);
  CHECK(part == std::vector<std::uint8_t>{2, 3, 4});
  CHECK(file.read_at(3, part, error) == 2);
  CHECK(file.read_at(9, part, error) == 0);
  CHECK(!error);
  CHECK(file.read(part, error) == 3);
  CHECK(part[0] == 1);
  file.advise_needed();
  file.close();
  CHECK(file.read_at(0, part, error) == 0);
  CHECK(error);
}

TEST_CASE("platform: making a file replaces none, writing does not make one") {
  const Folder folder("platform_open");
  std::error_code error;
  CHECK(!File(folder / "a", File::Open::write, error).is_open());
  CHECK(error == std::errc::no_such_file_or_directory);
  File(folder / "a", File::Open::make, error, std::filesystem::perms{0600}).write(std::vector<std::uint8_t>(9), error);
  CHECK(!File(folder / "a", File::Open::make, error).is_open());
  CHECK(error == std::errc::file_exists);
  CHECK(File(folder / "a", File::Open::read, error).info(error).size == 9);
  CHECK(std::filesystem::status(folder / "a").permissions() == std::filesystem::perms{0600});
  File(folder / "a", File::Open::write, error).set_permissions(std::filesystem::perms{0666}, error);
  CHECK(!error);
  CHECK(std::filesystem::status(folder / "a").permissions() == std::filesystem::perms{0666});
  CHECK(!File(folder / "a", File::Open::folder, error).is_open());
  CHECK(error == std::errc::not_a_directory);
  CHECK(File(folder.path, File::Open::folder, error).info(error).is_folder);
  CHECK(!error);
}

TEST_CASE("platform: a lock is one file's, until it is closed") {
  const Folder folder("platform_lock");
  std::error_code error;
  File first(folder.path, File::Open::folder, error), second(folder.path, File::Open::folder, error);
  CHECK(first.lock());
  CHECK(first.lock());
  CHECK(!second.lock());
  File moved = std::move(first);
  CHECK(!first.is_open());
  CHECK(!second.lock());
  moved.close();
  CHECK(second.lock());
}

TEST_CASE("platform: memory lies where it was asked for") {
  for (const std::size_t alignment : {std::size_t{64}, platform::kHugePage}) {
    void* memory = platform::allocate(3 * platform::kHugePage + 1, alignment);
    REQUIRE(memory != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % alignment == 0);
    platform::advise_huge_pages(memory, 3 * platform::kHugePage + 1);
    static_cast<char*>(memory)[3 * platform::kHugePage] = 1;
    std::free(memory);
  }
  platform::advise_huge_pages(nullptr, 0);
  CHECK(platform::physical_memory() > (std::uint64_t{64} << 20));
  CHECK(platform::process_id() > 0);
  CHECK(platform::error_columns() > 0);
}

TEST_CASE("platform: numbers end where they end") {
  const char* text = "-1.5e2,7";
  const char* end = nullptr;
  CHECK(platform::parse_double(text, end) == -150);
  CHECK(end == text + 6);
  CHECK(platform::parse_double("word", end) == 0);
}
