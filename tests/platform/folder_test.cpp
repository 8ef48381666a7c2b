// A folder that is one program's at a time, and what a killed one leaves in it.
#include "platform/folder.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "support/folder.hpp"

using lineament::testing::Folder;
namespace platform = lineament::platform;

TEST_CASE("folder: the second to lock it is told what to do, until the first is done") {
  const Folder folder("folder_lock");
  platform::File first = platform::lock_folder(folder.path, "taken", "wait");
  CHECK(first.is_open());
  CHECK_THROWS_AS(platform::lock_folder(folder.path, "taken", "wait"), lineament::ArgumentError);
  CHECK_THROWS_WITH(platform::lock_folder(folder.path, "taken", "wait"), folder.path.string() + ": taken; wait");
  first.close();
  CHECK(platform::lock_folder(folder.path, "taken", "wait").is_open());
  CHECK_FALSE(platform::lock_folder(folder / "none", "taken", "wait").is_open());
}

TEST_CASE("folder: of what is half-written, ours is taken away") {
  const Folder folder("folder_left");
  const auto is_there = [&](const char* name) { return std::filesystem::exists(folder / name); };
  const auto names = {"a", "a.tmp", "a.tmp7", "a.tmp123456789", "b.tmp7", "a.tmp7x", "a.tmp7.tmp8"};
  for (const char* name : names) lineament::write_file(folder / name, std::string_view("text"));
  platform::remove_half_written(folder.path, [](const std::string& file) { return file == "a"; });
  for (const char* name : {"a", "b.tmp7", "a.tmp7x", "a.tmp7.tmp8"}) CHECK(is_there(name));
  for (const char* name : {"a.tmp", "a.tmp7", "a.tmp123456789"}) CHECK_FALSE(is_there(name));
  platform::remove_half_written(folder / "none", [](const std::string&) { return true; });
}
