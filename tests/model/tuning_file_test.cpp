// Tunings in files: what is kept, what is ignored and why.
#include "lineament/model/tuning_file.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../support/folder.hpp"
#include "catch.hpp"
#include "kernels/common/cache.hpp"
#include "lineament/error.hpp"
#include "lineament/file.hpp"
#include "lineament/isa.hpp"
#include "lineament/version.hpp"
#include "platform/platform.hpp"

using namespace lineament;
using lineament::testing::Folder;

namespace {

using Kernels = decltype(Tuning::kernels);

/// Nothing is loaded; the line that says why not.
std::string why_ignored(const std::filesystem::path& file) {
  std::string note;
  const Tuning tuning = load_tuning(file, &note);
  CHECK(tuning.kernels.empty());
  CHECK(tuning.machine == tuning_machine());
  CHECK(note.find('\n') == std::string::npos);
  return note;
}
bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A file of that text, in which MACHINE is this one.
void write(const std::filesystem::path& file, std::string text) {
  constexpr std::string_view kHere = "MACHINE";
  if (const std::size_t at = text.find(kHere); at != std::string::npos)
    text.replace(at, kHere.size(), tuning_machine());
  write_file(file, std::string_view(text));
}

}  // namespace

TEST_CASE("a tuning comes back as it was written, and a second one takes its place op by op") {
  const Folder folder("tuning_1");
  const auto file = folder / "cache/tuning.json";
  CHECK(load_tuning(file).kernels.empty());
  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"a", "direct"}, {"b", "winograd"}}});
  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"b", "direct"}, {"c", "gemm"}}});
  std::string note;
  const Tuning tuning = load_tuning(file, &note);
  CHECK(note.empty());
  CHECK(tuning.machine == tuning_machine());
  CHECK(tuning.kernels == Kernels{{"a", "direct"}, {"b", "direct"}, {"c", "gemm"}});
}

TEST_CASE("several machines share a file, and none takes from another") {
  const Folder folder("tuning_2");
  const auto file = folder / "tuning.json";
  save_tuning(file, {.machine = "old, scalar", .kernels = {{"a", "direct"}}});
  std::string note = why_ignored(file);
  CHECK(contains(note, "tuning.json is ignored: it was made for old, scalar, and this is " + tuning_machine()));
  save_tuning(file, {.machine = "older", .kernels = {{"a", "gemm"}}});
  CHECK(contains(why_ignored(file), "it was made for old, scalar; older, and this is "));
  save_tuning(file, {.machine = "oldest", .kernels = {{"a", "gemm"}}});
  CHECK(contains(why_ignored(file), "it was made for old, scalar; older; and others, and this is "));

  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"b", "winograd"}}});
  note.clear();
  CHECK(load_tuning(file, &note).kernels == Kernels{{"b", "winograd"}});
  CHECK(note.empty());
  const auto machines = nlohmann::json::parse(read_text(file)).at("machines");
  CHECK(machines.size() == 4);
  CHECK(machines.at("old, scalar") == nlohmann::json{{"a", "direct"}});
  CHECK(machines.at(tuning_machine()) == nlohmann::json{{"b", "winograd"}});
}

TEST_CASE("a file is another machine's where the processor, cache, instruction set or version is another") {
  const Folder folder("tuning_3");
  const auto file = folder / "tuning.json";
  const std::string machine = tuning_machine(), isa = current_isa();
  save_tuning(file, {.machine = machine, .kernels = {{"a", "direct"}}});
  REQUIRE(load_tuning(file).kernels.size() == 1);
  const auto named = [&] {
    const std::string note = why_ignored(file);
    return contains(note, "it was made for ") && contains(note, ", and this is " + tuning_machine());
  };
  const std::size_t kb = second_level_cache() / 1024 == 512 ? 1024 : 512;
  force_second_level_cache(kb * 1024);
  CHECK(contains(tuning_machine(), "second-level cache " + std::to_string(kb) + " KB"));
  CHECK(named());
  force_second_level_cache(0);
  for (const std::string& other : available_isas()) {
    if (other == isa) continue;
    force_isa(other);
    CHECK(contains(tuning_machine(), ", " + other + ","));
    CHECK(named());
  }
  force_isa(isa);
  CHECK(load_tuning(file).kernels.size() == 1);
  // What cannot be changed while a program runs is changed in the file.
  const std::string text = read_text(file);
  for (const std::string& part : {machine.substr(0, machine.find(',')), "lineament " + std::string(version())}) {
    std::string other = text;
    other.replace(other.find(part, other.find("machines")), part.size(), "another");
    write_file(file, std::string_view(other));
    CHECK(named());
  }
}

TEST_CASE("what is no tuning is ignored and named, and written anew") {
  const Folder folder("tuning_4");
  const auto file = folder / "tuning.json";
  for (const std::string_view text :
       {"", "[", "{}", "[1, 2]", "4", R"({"machines": 4})", R"({"machines": "direct"})", R"({"machines": null})",
        R"({"machines": ["direct"]})", R"({"machines": {"MACHINE": 4}})", R"({"machines": {"MACHINE": "direct"}})",
        R"({"machines": {"MACHINE": ["direct"]}})", R"({"machines": {"MACHINE": {"": "direct"}}})",
        R"({"machines": {"MACHINE": {"a": ""}}})", R"({"machines": {"MACHINE": {"a": 3}}})",
        R"({"machines": {"MACHINE": {"a": ["direct"]}}})", R"({"machines": {"MACHINE": {"a": "direct", "b": null}}})",
        R"({"machines": {"another": {"a": 3}, "MACHINE": {"a": "direct"}}})",
        R"({"machine": "MACHINE", "kernels": {"a": "direct"}})"}) {
    INFO(text);
    write(file, std::string(text));
    CHECK(contains(why_ignored(file),
                   "tuning.json is ignored: it is not what 'lineament tune' writes; delete it, then run "
                   "'lineament tune' again"));
    save_tuning(file, {.machine = tuning_machine(), .kernels = {{"b", "direct"}}});
    CHECK(load_tuning(file).kernels == Kernels{{"b", "direct"}});
  }
  write(file, R"({"machines": {"MACHINE": {}}})");
  CHECK(why_ignored(file).empty());

  save_tuning(file, {.machine = tuning_machine(), .kernels = {{"a", "direct"}, {"b", "winograd"}}});
  const std::string whole = read_text(file);
  for (std::size_t end = 0; end + 1 < whole.size(); ++end) {  // the line's end alone may be missing
    write_file(file, std::string_view(whole).substr(0, end));
    CHECK(contains(why_ignored(file), "is ignored: it is not what"));
  }
}

TEST_CASE("a file that cannot be read is ignored, and one that cannot be written is an error") {
  const Folder folder("tuning_5");
  const auto file = folder / "tuning.json";
  std::filesystem::create_directory(file);
  CHECK(contains(why_ignored(file), "tuning.json is ignored: "));
  CHECK_THROWS_AS(save_tuning(file, {.machine = tuning_machine()}), FileError);
}

TEST_CASE("tunings that are saved at once are all kept") {
  const Folder folder("tuning_6");
  const auto file = folder / "tuning.json";
  constexpr int kThreads = 4, kTimes = 5;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTimes; ++i)
        save_tuning(file, {.machine = tuning_machine(), .kernels = {{std::to_string(t * kTimes + i), "direct"}}});
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(load_tuning(file).kernels.size() == kThreads * kTimes);
  CHECK(folder.files() == 1);
}

TEST_CASE("a folder that a training has locked for hours takes tunings all the same") {
  const Folder folder("tuning_7");
  std::error_code error;
  platform::File training(folder.path, platform::File::Open::folder, error);
  REQUIRE(training.lock());
  save_tuning(folder / "tuning.json", {.machine = tuning_machine(), .kernels = {{"a", "direct"}}});
  CHECK(load_tuning(folder / "tuning.json").kernels.size() == 1);
}
