// A run killed at any moment and resumed ends with the same bytes as one never killed.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "lineament/random.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Clock = std::chrono::steady_clock;

/// The log without what depends on the clock.
std::vector<nlohmann::json> timeless_log(const Place& place, const std::string& run) {
  std::vector<nlohmann::json> lines;
  for (const std::string& line : lines_of(place.read(run + "/log.jsonl"))) {
    lines.push_back(nlohmann::json::parse(line));
    for (const char* key : {"seconds", "waited_seconds", "validation_seconds", "images_per_second"}) {
      CHECK(lines.back().contains(key));
      lines.back().erase(key);
    }
  }
  return lines;
}

void require_same_run(const Place& place, const std::string& a, const std::string& b) {
  for (const char* file : {"/model.safetensors", "/last.safetensors"}) require_same_model(place, a + file, b + file);
  CHECK(timeless_log(place, a) == timeless_log(place, b));
  CHECK(place.list(b) == Words{"last.safetensors", "log.jsonl", "model.safetensors", "report.html"});
}

bool half_written(const Path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().filename().string().find(".tmp") != std::string::npos) return true;
  return false;
}

/// Kills and resumes until the run ends by itself, or `kills` times, then lets it end.
int run_with_kills(const Place& place, const std::string& out, const Words& start, int kills,
                   const std::function<bool(Clock::time_point)>& moment) {
  int killed = 0;
  Words words = start;
  for (int i = 0; i < kills; ++i) {
    const auto begin = Clock::now();
    const Outcome o = place.run_and_kill(
        words, [&] { return moment(begin); }, SIGKILL);
    INFO(o.err);
    CHECK((o.signal == SIGKILL || o.code == 0));
    killed += o.signal == SIGKILL;
    if (std::filesystem::exists(place / (out + "/last.safetensors")))
      words = {"train", "--resume", "--out", out, "--threads", std::to_string(1 + i % 3)};
  }
  const Outcome o = place.run(words);
  INFO(o.err);
  CHECK(o.code == 0);
  return killed;
}

}  // namespace

TEST_CASE("killed during an epoch or while saving, and resumed, ends with the same bytes") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  // Dropping the rate by a schedule, keeping a best and augmenting all depend on where the run is.
  const Words options{"--synthetic", "48", "--epochs", "6", "--copies", "4", "--optimizer", "adamw", "--clip", "1"};
  Words whole = training("whole", options), killed = training("killed", options);
  whole.insert(whole.end(), {"--threads", "1"});
  const auto begin = Clock::now();
  REQUIRE(place.run(whole).code == 0);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  Random random(20);
  int kills = 0;

  SECTION("at random moments") {
    kills = run_with_kills(place, "killed", killed, 6, [&, after = 0.0](Clock::time_point start) mutable {
      if (after == 0.0) after = seconds * static_cast<double>(random.uniform(0.1f, 0.7f));
      const bool now = std::chrono::duration<double>(Clock::now() - start).count() > after;
      if (now) after = 0.0;
      return now;
    });
  }
  SECTION("while a file is half written") {
    kills = run_with_kills(place, "killed", killed, 6, [&, seen = 0, wanted = 1](Clock::time_point) mutable {
      if (!half_written(place / "killed")) return false;
      if (++seen < wanted) return false;
      seen = 0;
      wanted = wanted % 3 + 1;
      return true;
    });
  }
  CHECK(kills > 0);
  require_same_run(place, "whole", "killed");
}

TEST_CASE("a run in bfloat16 is resumed in bfloat16, and one that gains nothing by it says so") {
  const Place place;
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  place.write("thin.json",
              R"({"input": [32, 32, 3], "layers": [{"type": "conv2d", "channels": 8, "kernel": 3, "stride": 4},
    {"type": "conv2d", "channels": 16, "kernel": 1}, {"type": "flatten"}, {"type": "dense", "features": 136}]})");
  place.write("small.json", kSmallNetwork);
  const auto train = [&](const std::string& network, const std::string& out, const std::string& precision) {
    return place.run(
        {"train", "--synthetic", "32", "--epochs", "4", "--network", network, "--out", out, "--precision", precision});
  };
  const Outcome none = train("small.json", "none", "bf16");
  INFO(none.err);
  REQUIRE(none.code == 0);
  CHECK(contains(none.err + none.out, "bf16 changes nothing here"));

  const Outcome whole = train("thin.json", "whole", "bf16");
  REQUIRE(whole.code == 0);
  REQUIRE(train("thin.json", "float", "fp32").code == 0);
  const Words stopped{"train",     "--synthetic", "32",      "--epochs",    "4",   "--network",
                      "thin.json", "--out",       "stopped", "--precision", "bf16"};
  place.run_and_kill(
      stopped, [&] { return std::filesystem::exists(place / "stopped/log.jsonl"); }, SIGKILL);
  const Outcome other = place.run({"train", "--resume", "--out", "stopped", "--precision", "fp32"});
  CHECK(other.code == 2);
  CHECK(contains(other.err, "precision"));
  REQUIRE(place.run({"train", "--resume", "--out", "stopped"}).code == 0);
  require_same_run(place, "whole", "stopped");
  if (contains(whole.err + whole.out, "bf16: 1 1x1 convolution"))
    CHECK(place.read("whole/model.safetensors") != place.read("float/model.safetensors"));
}

TEST_CASE("a run on a folder named by a relative path is resumed from another folder with the same bytes") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "in/data", 24);
  const Words options{"--data", "in/data", "--epochs", "40", "--val-split", "0.2"};
  REQUIRE(place.run(training("whole", options)).code == 0);
  place.run_and_kill(
      training("killed", options), [&] { return std::filesystem::exists(place / "killed/model.safetensors"); },
      SIGKILL);
  const Outcome o = place.run({"train", "--resume", "--out", (place / "killed").string()}, 0, "in");
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("going on after epoch") != std::string::npos);
  require_same_run(place, "whole", "killed");
}

TEST_CASE("a run that lost patience is not trained further by resuming it") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Outcome o =
      place.run(training("run", {"--synthetic", "32", "--epochs", "200", "--patience", "1", "--lr", "0.01"}));
  INFO(o.err);
  REQUIRE(o.code == 0);
  const std::size_t epochs = lines_of(place.read("run/log.jsonl")).size();
  REQUIRE(epochs < 200);
  const std::string last = place.read("run/last.safetensors");
  const Outcome resumed = place.run({"train", "--resume", "--out", "run"});
  CHECK(resumed.code == 0);
  CHECK_THAT(resumed.out + resumed.err, Catch::Matchers::Contains("without a new best for 1 epochs"));
  CHECK(place.read("run/last.safetensors") == last);
  // As the message says.
  const Outcome on =
      place.run({"train", "--resume", "--out", "run", "--patience", "0", "--epochs", std::to_string(epochs + 1)});
  INFO(on.err);
  CHECK(on.code == 0);
  CHECK(lines_of(place.read("run/log.jsonl")).size() == epochs + 1);
}

TEST_CASE("a run of an older version is resumed: its NMEs, its log and its settings are understood") {
  // Begun for 6 epochs and killed after 2: the best NME stands in the checkpoint as a fraction, newer options are
  // missing in the settings.
  const Place place;
  std::filesystem::copy(Path(LINEAMENT_SOURCE_DIR) / "tests/cli/old_run", place / "run");
  const Words old = lines_of(place.read("run/log.jsonl"));
  REQUIRE(old.size() == 2);
  const Outcome other = place.run({"train", "--resume", "--out", "run", "--clip", "2"});
  require_refused(other, {"--clip: it differs", "wanted 1.0", "got 2.0"});
  require_refused(place.run({"train", "--resume", "--out", "run", "--freeze", "conv2d_1"}), {"--freeze: it differs"});
  const Outcome o = place.run({"train", "--resume", "--out", "run"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("going on after epoch 2 of 6\n") != std::string::npos);
  CHECK(o.err.find("schedule") == std::string::npos);
  const Words log = lines_of(place.read("run/log.jsonl"));
  REQUIRE(log.size() == 6);
  CHECK(Words(log.begin(), log.begin() + 2) == old);
  double best = 1e9, best_training = 1e9;
  for (const std::string& line : log) {
    const auto j = nlohmann::json::parse(line);
    CHECK(j["nme"].get<double>() > 5);  // in %, like those of the old lines
    CHECK(j["best"] == (j["nme"].get<double>() < best));
    best = std::min(best, j["nme"].get<double>());
    CHECK(j["train_nme"].get<double>() < best_training);
    best_training = j["train_nme"].get<double>();
  }
  CHECK(place.read("run/report.html").find("<td>6") != std::string::npos);
}

TEST_CASE("settings that this program does not know are refused in one line") {
  const Place place;
  std::filesystem::copy(Path(LINEAMENT_SOURCE_DIR) / "tests/cli/old_run", place / "run");
  const auto with_settings = [&](const std::string& settings) {
    Checkpoint checkpoint = load_checkpoint(place / "run/last.safetensors");
    checkpoint.state->settings = settings;
    save_checkpoint(place / "run/last.safetensors", checkpoint.model, *checkpoint.state);
    return place.run({"train", "--resume", "--out", "run"});
  };
  require_refused(with_settings(R"({"data":[],"synthetic":8,"colour":"red"})"),
                  {"run/last.safetensors", "'colour'", "the program that began it"});
  for (const char* wrong : {"", "3", "[]", R"({"data":7})", R"({"synthetic":"many"})", R"({"freeze":[7]})"})
    require_refused(with_settings(wrong), {"run/last.safetensors", "settings cannot be understood"});
}

TEST_CASE("--resume --epochs extends a run, with the schedule of the longer one") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words options{"--synthetic", "32", "--epochs", "2", "--copies", "2"};
  REQUIRE(place.run(training("run", options)).code == 0);
  require_refused(place.run({"train", "--resume", "--out", "run", "--epochs", "1"}),
                  {"--epochs", "done more already", "2 or more", "got 1"});
  const Outcome o = place.run({"train", "--resume", "--out", "run", "--epochs", "4"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("going on after epoch 2 of 4\n") != std::string::npos);
  CHECK(o.err.find("begun for 2 epochs: from here on its learning rate follows the schedule of the longer run of 4") !=
        std::string::npos);
  const Words log = lines_of(place.read("run/log.jsonl"));
  REQUIRE(log.size() == 4);
  const auto rate = [&](std::size_t i) { return nlohmann::json::parse(log[i])["learning_rate"].get<double>(); };
  // The cosine of 2 epochs is near its end after 2, that of 4 after 4.
  CHECK(rate(1) < 2e-4);
  CHECK(rate(2) > 2e-4);
  CHECK(rate(3) < 1e-4);
  // From now on it is a run of 4.
  const Outcome again = place.run({"train", "--resume", "--out", "run"});
  CHECK(again.err.find("all 4 epochs are done") != std::string::npos);
  CHECK(again.err.find("schedule") == std::string::npos);
}

TEST_CASE("what a resumed run is given stays with it, and a recipe is not asked again") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  place.write("recipe.json", R"({"epochs": 9, "batch": 16, "clip": 2})");
  const Words begun{"--recipe", "recipe.json", "--synthetic", "32", "--epochs", "1", "--patience", "4"};
  const Outcome first = place.run(training("run", begun));
  INFO(first.err);
  REQUIRE(first.code == 0);
  const auto patience = [&] {
    const Checkpoint c = load_checkpoint(place / "run/last.safetensors");
    return nlohmann::json::parse(c.state->settings).at("patience").get<int>();
  };
  CHECK(patience() == 4);
  const Outcome o = place.run({"train", "--resume", "--out", "run", "--recipe", "recipe.json", "--patience", "7"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("all 1 epochs are done") != std::string::npos);
  CHECK(o.err.find("note: --recipe has no effect here: a run goes on as it was begun") != std::string::npos);
  CHECK(patience() == 7);
  CHECK(place.run({"train", "--resume", "--out", "run"}).code == 0);
  CHECK(patience() == 7);
}

TEST_CASE("an epoch that cannot be saved is not called done, and is done again") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words more{"--synthetic", "32", "--epochs", "1"};
  REQUIRE(place.run(training("whole", more)).code == 0);
  // The model fits, and the checkpoint, three times as large, does not.
  const auto size = static_cast<long>(std::filesystem::file_size(place / "whole/model.safetensors"));
  const Outcome o = place.run(training("run", more), size * 3 / 2);
  INFO(o.err);
  CHECK(o.code != 0);
  CHECK(o.err.find("epoch 1 is not saved") != std::string::npos);
  CHECK(o.err.find("go on after the epoch before: lineament train --resume --out run") != std::string::npos);
  CHECK(o.err.find("epoch   1/1") == std::string::npos);
  REQUIRE(place.run({"train", "--resume", "--out", "run"}).code == 0);
  require_same_model(place, "whole/model.safetensors", "run/model.safetensors");
}

TEST_CASE("a run stopped in its first epoch may be started anew") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Outcome o = place.run_and_kill(
      training("run", {"--synthetic", "32", "--epochs", "1", "--copies", "100000"}),
      [&] { return std::filesystem::exists(place / "run/last.safetensors"); }, SIGTERM);
  INFO(o.err);
  REQUIRE(o.signal == SIGTERM);
  const Outcome measured = place.run({"evaluate", "run/last.safetensors", "--synthetic", "2"});
  CHECK(measured.err.find("no epoch of its training is done yet") != std::string::npos);
  CHECK(place.run(training("run", {"--synthetic", "32", "--epochs", "1", "--seed", "2"})).code == 0);
}

}  // namespace lineament::test
