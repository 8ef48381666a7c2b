// Files written in one step: by several threads at once, over what is there, beside what others left.
#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "platform/platform.hpp"
#include "support/folder.hpp"

using namespace lineament;
using lineament::testing::Folder;
namespace fs = std::filesystem;

namespace {

/// Each thread writes one text many times over, and reads it back where `own`. Returns how often something went wrong.
int written_wrong(const std::vector<fs::path>& files, bool own) {
  constexpr int kThreads = 4, kTimes = 40;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      const fs::path& file = files[static_cast<std::size_t>(t) % files.size()];
      const std::string text(1000, static_cast<char>('a' + t));
      for (int i = 0; i < kTimes; ++i) try {
          write_file(file, std::string_view(text));
          const std::string read = read_text(file);
          wrong += read.size() != text.size() || read.find_first_not_of(read[0]) != std::string::npos;
          wrong += own && read != text;
        } catch (const Error&) {
          ++wrong;
        }
    });
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

}  // namespace

TEST_CASE("write_file: threads write files whose long names begin alike, each its own") {
  const Folder folder("write_alike");
  std::vector<fs::path> files;
  for (const char end : {'0', '1', '2', '3'}) files.push_back(folder / (std::string(240, 'n') + end));
  CHECK(written_wrong(files, true) == 0);
  CHECK(folder.files() == 4);
}

TEST_CASE("write_file: of threads that write one file, each writes it whole") {
  const Folder folder("write_one");
  CHECK(written_wrong({folder / "a"}, false) == 0);
  CHECK(folder.files() == 1);
}

TEST_CASE("write_file: what a killed process of the same number left half-written is no obstacle, and stays") {
  const Folder folder("write_left");
  const std::string begin = "a.tmp" + std::to_string(platform::process_id());
  std::vector<std::string> left{begin};
  for (int i = 0; i < 2000; ++i) left.push_back(begin + std::to_string(i));
  for (const std::string& name : left) fs::create_directory(folder / name);  // which nothing can be written to
  write_file(folder / "a", std::string_view("whole"));
  CHECK(read_text(folder / "a") == "whole");
  CHECK(folder.files() == 1 + static_cast<std::ptrdiff_t>(left.size()));
}

TEST_CASE("write_file: a file keeps who may read and write it") {
  const Folder folder("write_mode");
  const fs::path file = folder / "a";
  write_file(file, std::string_view("new"));
  for (const unsigned mode : {0600u, 0640u, 0666u, 0755u, 0400u}) {
    CAPTURE(mode);
    fs::permissions(file, fs::perms(mode));
    write_file(file, std::string_view("another"));
    CHECK(fs::status(file).permissions() == fs::perms(mode));
  }
  fs::permissions(file, fs::perms(0600));
  fs::create_symlink("a", folder / "link");
  write_file(folder / "link", std::string_view("through a link"));
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(fs::status(file).permissions() == fs::perms(0600));
  CHECK(read_text(file) == "through a link");
}

TEST_CASE("write_file: a link stays one, whether what it leads to is there or not") {
  const Folder folder("write_links");
  fs::create_directory(folder / "disk");
  fs::create_symlink("disk/model", folder / "latest");
  fs::create_symlink("latest", folder / "link");
  for (const std::string text : {"first", "second"}) {
    write_file(folder / "link", std::string_view(text));
    CHECK(fs::is_symlink(folder / "link"));
    CHECK(fs::is_symlink(folder / "latest"));
    CHECK_FALSE(fs::is_symlink(folder / "disk" / "model"));
    CHECK(read_text(folder / "disk" / "model") == text);
  }
}

TEST_CASE("write_file: what cannot be put in its place leaves nothing behind") {
  const Folder folder("write_fails");
  CHECK_THROWS_AS(write_file(folder / "none/a", std::string_view("text")), FileError);
  CHECK_THROWS_AS(write_file(folder / std::string(300, 'n'), std::string_view("text")), FileError);
  CHECK(folder.files() == 0);
}
