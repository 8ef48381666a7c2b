// pack, and training from what it wrote: a pack that was killed is gone on with, a run from shards is resumed to the
// same bytes, and damage is named.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

Words pack(const Words& more) {
  Words words{"pack", "--size", "32", "--shard-size", "64K", "--raw"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Outcome run_well(const Place& place, const Words& words) {
  Outcome o = place.run(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return o;
}

bool says(const Outcome& o, const std::string& part) {
  return (o.out + o.err).find(part) != std::string::npos;
}

void require_same_folder(const Place& place, const Path& a, const Path& b) {
  REQUIRE(place.list(a) == place.list(b));
  for (const std::string& name : place.list(a)) CHECK(place.read(a / name) == place.read(b / name));
}

void change_byte(const Place& place, const Path& file, std::size_t from_end) {
  std::string bytes = place.read(file);
  bytes[bytes.size() - from_end] ^= 1;
  place.write(file, bytes);
}

}  // namespace

TEST_CASE("a pack takes no folder that has photos") {
  const Place place;
  make_faces(place, "faces", 2);
  require_refused(place.run({"pack", "faces", "--out", "faces"}), {"--out", "photos in this folder", "another name"});
  run_well(place, pack({"faces", "--out", "packed"}));
  require_refused(place.run({"validate", "packed"}), {"packed", "inspect --verify", "photos that were packed"});

  // Somebody copied a photo there.
  std::filesystem::copy(place / "faces" / "face_00000.png", place / "packed" / "face.png");
  place.write("net.json", kSmallNetwork);
  const Outcome o = run_well(place, {"train", "--data", "packed", "--network", "net.json", "--epochs", "1", "--batch",
                                     "2", "--val-split", "0", "--out", "run"});
  CHECK(says(o, "note: packed holds 1 photo beside the packed faces: these are trained on, the photos are not"));
}

TEST_CASE("a pack that was killed is gone on with by the same command, to the same bytes") {
  const Place place;
  const auto drawn = [](const std::string& out, const Words& more = {}) {
    Words words = pack({"--synthetic", "160", "--seed", "5", "--out", out});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Outcome whole = run_well(place, drawn("whole", {"--threads", "2"}));
  CHECK(says(whole, "160 faces in "));
  int kills = 0;
  for (const char* shard : {"killed/faces_00001.shard", "killed/faces_00004.shard"}) {
    const Outcome o = place.run_and_kill(
        drawn("killed", {"--threads", "1"}), [&] { return std::filesystem::exists(place / shard); }, SIGKILL);
    kills += o.signal == SIGKILL;
  }
  CHECK(kills > 0);
  const Outcome rest = run_well(place, drawn("killed"));
  CHECK((kills < 2 || says(rest, "gone on with after")));
  require_same_folder(place, "whole", "killed");
  CHECK(says(run_well(place, drawn("killed")), "all of it was packed before"));

  require_refused(place.run(drawn("killed", {"--margin", "0.2"})), {"killed", "'margin' differs", "0.15", "0.2"});
  Words other = drawn("killed");
  other[std::find(other.begin(), other.end(), "160") - other.begin()] = "161";
  require_refused(place.run(other), {"killed", "'faces' differs", "160", "161"});
}

TEST_CASE("bad photos are left out of a pack and named, and a pack that is not finished is not trained on") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "faces", 12);
  place.write("faces/face_00003.png", "no picture");
  const Outcome o = run_well(place, pack({"faces", "--out", "shards"}));
  CHECK(says(o, "left out: faces/face_00003.png"));
  CHECK(says(o, "11 faces in "));
  const Outcome shown = run_well(place, {"inspect", "shards", "--verify", "--json"});
  const auto json = nlohmann::json::parse(shown.out);
  CHECK(json["samples"] == 11);
  CHECK(json["source"] == "photos");
  CHECK(json["scheme"] == "ibug-68");
  CHECK(json["crop"]["size"] == 32);
  CHECK(json["memory"]["all_decoded"] > 11 * 40 * 40 * 3);
  CHECK(json["damaged"].empty());
  CHECK(says(run_well(place, {"inspect", "shards"}), "11 faces in "));

  std::string state = place.read("shards/pack.json");
  state.replace(state.find("true"), 4, "false");
  place.write("shards/pack.json", state);
  require_refused(place.run(training("run", {"--data", "shards"})), {"shards", "not finished", "lineament pack"});
  CHECK_FALSE(std::filesystem::exists(place / "run"));
}

TEST_CASE("a run from shards: the split is that of the photos, threads and memory change nothing, resuming neither") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "faces", 60);
  run_well(place, pack({"faces", "--out", "shards"}));
  const auto train = [](const std::string& out, const Words& more) {
    Words words = training(out, {"--data", "shards", "--epochs", "12", "--val-split", "0.2", "--copies", "2"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Outcome whole = run_well(place, train("whole", {"--threads", "1"}));
  CHECK(says(whole, "training on 48 faces, 12 held out"));
  const Outcome photos =
      run_well(place, training("photos", {"--data", "faces", "--epochs", "1", "--val-split", "0.2", "--threads", "1"}));
  CHECK(says(photos, "training on 48 faces, 12 held out"));
  CHECK(place.list("whole") == Words{"last.safetensors", "log.jsonl", "model.safetensors", "report.html"});
  run_well(place, train("threads", {"--threads", "3"}));
  require_same_model(place, "whole/last.safetensors", "threads/last.safetensors");

  const Outcome o = place.run_and_kill(
      train("killed", {"--threads", "2"}), [&] { return std::filesystem::exists(place / "killed/model.safetensors"); },
      SIGKILL);
  CHECK(o.signal == SIGKILL);
  const Outcome rest = run_well(place, {"train", "--resume", "--out", "killed", "--memory", "100K", "--threads", "1"});
  CHECK(says(rest, "going on after epoch"));
  CHECK_FALSE(says(rest, "the data has changed"));
  const Checkpoint a = load_checkpoint(place / "whole/last.safetensors"),
                   b = load_checkpoint(place / "killed/last.safetensors");
  CHECK(a.state->step == b.state->step);
  const auto first = a.model.network.weights(), second = b.model.network.weights();
  CHECK(std::equal(first.begin(), first.end(), second.begin(), second.end()));

  // The photos of the shards are known to the model.
  const auto json =
      nlohmann::json::parse(run_well(place, {"evaluate", "whole/model.safetensors", "--data", "faces", "--json"}).out);
  CHECK(json["photos"]["trained_on"] == 48);
}

TEST_CASE("damaged shards: what is lost is said, before training and while it runs") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  run_well(place, pack({"--synthetic", "64", "--out", "shards"}));
  std::filesystem::resize_file(place / "shards/faces_00001.shard",
                               std::filesystem::file_size(place / "shards/faces_00001.shard") - 10);
  change_byte(place, "shards/faces_00000.shard", 100);
  place.write("shards/notes.txt", "somebody's");
  const Outcome o = run_well(place, training("run", {"--data", "shards", "--epochs", "2", "--val-split", "0"}));
  CHECK(says(o, "left out: faces_00001.shard: drawn "));
  CHECK(says(o, "training on 63 faces"));
  CHECK(says(o, "damaged: faces_00000.shard: drawn "));
  CHECK(says(o, "another sample is taken in its place"));
  const Outcome shown = place.run({"inspect", "shards", "--verify", "--json"});
  CHECK(shown.code == 2);
  CHECK(nlohmann::json::parse(shown.out)["damaged"].size() == 2);
}

TEST_CASE("a sample found damaged before the first step is named, too, and a command that lists more can be followed") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  run_well(place, {"pack", "--synthetic", "32", "--size", "32", "--shard-size", "64K", "--out", "shards"});
  const std::string shard = place.read("shards/faces_00000.shard");
  const auto number = [&](std::size_t at) {  // docs/data.md, "The files"
    return static_cast<unsigned char>(shard[at]) + 256u * static_cast<unsigned char>(shard[at + 1]);
  };
  const std::size_t first_record = 48 + number(20) + number(24);
  change_byte(place, "shards/faces_00000.shard", shard.size() - first_record - 50);
  std::filesystem::resize_file(place / "shards/faces_00000.shard", shard.size() / 4);
  const Outcome o = run_well(place, training("run", {"--data", "shards", "--epochs", "2", "--val-split", "0"}));
  CHECK(says(o, "damaged: faces_00000.shard: drawn 0: "));
  REQUIRE(says(o, "'lineament inspect shards --verify' lists them all"));
  CHECK(says(place.run({"inspect", "shards", "--verify"}), "drawn 12"));
}

TEST_CASE("what does not fit what was packed, and options without effect on it, are refused") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "faces", 6);
  run_well(place, pack({"faces", "--out", "shards"}));
  const auto train = [](const Words& more) {
    Words words = training("run", {"--data", "shards", "--batch", "2"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  require_refused(place.run(train({"--box", "image"})), {"--box", "points", "image"});
  require_refused(place.run(train({"--margin", "0.4"})), {"shards", "larger crop", "--margin 0.4"});
  require_refused(place.run(train({"--missing", "mask"})), {"--missing", "lineament pack"});
  require_refused(place.run(train({"--data", "faces"})), {"--data", "packed faces and photos"});
  require_refused(place.run({"train", "--data", "shards", "--network", "tiny", "--out", "run"}),
                  {"shards", "larger crop", "--size"});
  make_model(place);
  require_refused(place.run({"evaluate", "model.safetensors", "--data", "shards"}), {"shards", "only training reads"});
  CHECK_FALSE(std::filesystem::exists(place / "run"));
}

TEST_CASE("faces are drawn beside the training, whatever is kept of them: the same weights") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Words faces{"--synthetic", "48", "--epochs", "3", "--threads", "2"};
  const Outcome o = run_well(place, training("kept", faces));
  CHECK_FALSE(says(o, "drawing faces"));
  for (const std::string memory : {"50K", "0"}) {
    Words bounded = faces;
    bounded.insert(bounded.end(), {"--memory", memory});
    run_well(place, training("kept-" + memory, bounded));
  }
  const auto log = [&](const std::string& run) {
    std::vector<nlohmann::json> lines;
    for (const std::string& line : lines_of(place.read(run + "/log.jsonl"))) {
      lines.push_back(nlohmann::json::parse(line));
      for (const char* key : {"seconds", "waited_seconds", "validation_seconds", "images_per_second"})
        lines.back().erase(key);
    }
    return lines;
  };
  CHECK(log("kept") == log("kept-50K"));
  CHECK(log("kept") == log("kept-0"));
}

TEST_CASE("a run of drawn faces that is resumed before other backgrounds says so") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  run_well(place, {"faces", "--count", "4", "--size", "200", "--out", "behind"});
  run_well(place, training("run", {"--synthetic", "16", "--backgrounds", "behind", "--epochs", "1"}));
  const auto resumed = [&](const char* epochs) {
    return run_well(place, {"train", "--resume", "--out", "run", "--epochs", epochs});
  };
  CHECK_FALSE(says(resumed("2"), "the data has changed"));
  std::filesystem::remove(place / "behind/face_00002.png");
  CHECK(says(resumed("3"), "the data has changed"));
}

}  // namespace lineament::test
