// Tunings in files: what is kept, what is ignored and why.
#include "lineament/model/tuning_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include "../support/folder.hpp"
#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"

using namespace lineament;
using lineament::testing::Folder;

TEST_CASE("a tuning comes back as it was written, and a second one is added to it") {
  const Folder folder("tuning_1");
  const auto file = folder / "cache/tuning.json";
  CHECK(load_tuning(file).kernels.empty());
  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"a", "direct"}, {"b", "winograd"}}});
  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"b", "direct"}, {"c", "gemm"}}});
  std::string note;
  const Tuning tuning = load_tuning(file, &note);
  CHECK(note.empty());
  CHECK(tuning.machine == tuning_machine());
  CHECK(tuning.kernels == decltype(tuning.kernels){{"a", "direct"}, {"b", "direct"}, {"c", "gemm"}});
}

TEST_CASE("what another machine found, and what is no tuning, is ignored and named") {
  const Folder folder("tuning_2");
  const auto file = folder / "tuning.json";
  std::string note;
  save_tuning(file, {.machine = "a computer of old, scalar, lineament 0.0.1", .kernels = {{"a", "direct"}}});
  CHECK(load_tuning(file, &note).kernels.empty());
  CHECK(note.find("tuning.json is ignored: it was made for a computer of old") != std::string::npos);
  CHECK(note.find(tuning_machine()) != std::string::npos);
  // Written over by the next one.
  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"b", "direct"}}});
  CHECK(load_tuning(file).kernels.size() == 1);
  for (const std::string_view text :
       {"", "[", "{}", "[1, 2]", "{\"machine\": 3}", "{\"machine\": \"x\", \"kernels\": 4}"}) {
    write_file(file, text);
    note.clear();
    CHECK(load_tuning(file, &note).kernels.empty());
    CHECK(note.find("is ignored") != std::string::npos);
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  note.clear();
  CHECK(load_tuning(file, &note).kernels.empty());
  CHECK(note.find("is ignored") != std::string::npos);
  CHECK_THROWS_AS(save_tuning(file, {.machine = tuning_machine()}), FileError);
}
