// adapt: from a model of the program to one for a few photos.
#ifdef __linux__
#include <sys/inotify.h>
#include <unistd.h>
#endif

#include <csignal>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "program.hpp"

namespace lineament::test {

TEST_CASE("adapt begins with a model of the program, says the error before and after, and goes on after a stop") {
  const Place place;
  make_faces(place, "faces", 10);
  Words adapt{"adapt", "--data",           "faces",       "--from", "tiny",      "--steps", "2",
              "--out", "mine.safetensors", "--val-split", "0.2",    "--threads", "1"};
  Outcome o = place.run(adapt);
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("training on 8 faces, 2 held out") != std::string::npos);
  CHECK(o.err.find("taken from tiny") != std::string::npos);
  CHECK(o.err.find("2 faces not trained on: NME") != std::string::npos);
  CHECK(o.err.find("so few faces say little") != std::string::npos);
  CHECK(std::filesystem::exists(place / "mine-run/report.html"));
  const Model model = load_model(place / "mine.safetensors");
  CHECK(model.trained_on.find("8 faces of faces, begun with a model trained on") == 0);
  const auto options = nlohmann::json::parse(model.metadata.at("options"));
  CHECK(options["copies"] == 160);  // epochs of 20 steps of 64
  CHECK(options["epochs"] == 1);
  const Outcome measured = place.run({"evaluate", "mine.safetensors", "--data", "faces", "--json"});
  CHECK(nlohmann::json::parse(measured.out)["photos"]["trained_on"] == 8);

  require_refused(place.run(adapt), {"mine.safetensors", "there already"});
  std::filesystem::rename(place / "mine.safetensors", place / "other.safetensors");
  require_refused(place.run(adapt), {"mine-run"});  // a run is in it
  // It goes on with the run's own options; the default of --steps is none of them.
  o = place.run({"adapt", "--resume", "--data", "faces", "--out", "mine.safetensors", "--threads", "1"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("all 1 epochs are done") != std::string::npos);
  CHECK(std::filesystem::exists(place / "mine.safetensors"));
}

TEST_CASE(
    "adapt takes any network: without heat maps it leaves their part of the loss out; what it says of few photos") {
  const Place place;
  make_faces(place, "my faces", 3);
  make_model(place);
  Outcome o = place.run({"adapt", "--data", "my faces", "--from", "model.safetensors", "--steps", "1", "--out",
                         "my model.safetensors", "--val-split", "0", "--threads", "1"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("the model has no heat maps") != std::string::npos);
  CHECK(o.err.find("--val-split 0.1 tells") != std::string::npos);
  const Words many{"adapt",   "--data",    "my faces", "--from", "model.safetensors", "--steps",
                   "1000000", "--threads", "1",        "--out",  "it's.safetensors"};
  o = place.run_and_kill(
      many, [&] { return std::filesystem::exists(place / "it's-run/log.jsonl"); }, SIGINT);
  INFO(o.err);
  CHECK(o.err.find("adapt --resume --data 'my faces' --out 'it'\\''s.safetensors'") != std::string::npos);
}

#ifdef __linux__
/// How often a file is opened while f() runs.
static int opened(const Path& file, const std::function<void()>& f) {
  const int events = inotify_init1(IN_NONBLOCK);
  REQUIRE(events >= 0);
  REQUIRE(inotify_add_watch(events, file.c_str(), IN_OPEN | IN_CLOSE) >= 0);
  f();
  int count = 0;
  inotify_event event;  // of a file, not a folder: no name follows; closings between openings keep these apart
  while (read(events, &event, sizeof event) == static_cast<ssize_t>(sizeof event)) count += (event.mask & IN_OPEN) != 0;
  close(events);
  return count;
}

TEST_CASE("adapt reads the annotations as often as training does, and says once what it leaves out") {
  const Place place;
  make_faces(place, "faces", 6);
  place.write("faces/odd.pts", "no points");
  place.write("net.json", kSmallNetwork);
  const Path points = place / "faces/face_00000.pts";
  const int by_training = opened(points, [&] {
    REQUIRE(place.run({"train", "--data", "faces", "--network", "net.json", "--epochs", "1", "--batch", "2"}).code ==
            0);
  });
  Outcome o;
  const int by_adapt = opened(points, [&] {
    o = place.run({"adapt", "--data", "faces", "--from", "tiny", "--steps", "1", "--out", "mine.safetensors"});
  });
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(by_training > 0);
  CHECK(by_adapt == by_training);
  const std::size_t said = o.err.find("left out: faces/odd.pts");
  CHECK(said != std::string::npos);
  CHECK(o.err.find("left out: faces/odd.pts", said + 1) == std::string::npos);
}
#endif

TEST_CASE("adapt refuses what it cannot do, and leaves nothing behind") {
  const Place place;
  make_faces(place, "faces", 2);
  CHECK(place.run({"adapt", "--out", "a.safetensors"}).err.find("--data") != std::string::npos);
  CHECK(place.run({"adapt", "--data", "faces"}).err.find("--out") != std::string::npos);
  require_refused(place.run({"adapt", "--data", "faces", "--out", "mine.json"}),
                  {"--out", ".safetensors", "mine.json"});
  require_refused(place.run({"adapt", "--data", "nowhere", "--out", "a.safetensors"}), {"nowhere"});
  require_refused(place.run({"adapt", "--data", "faces", "--out", "a.safetensors", "--from", "reference"}),
                  {"reference", "compact or tiny"});
  CHECK_FALSE(std::filesystem::exists(place / "a.safetensors"));
}

TEST_CASE("negatives: asked for where there is no score, and batches without a place for faces, are refused") {
  const Place place;
  make_faces(place, "faces", 3);
  place.write("net.json", kSmallNetwork);
  make_model(place);
  require_refused(
      place.run({"train", "--data", "faces", "--network", "net.json", "--negatives", "0.3", "--batch", "2"}),
      {"--negatives", "the output 'face'"});
  require_refused(place.run({"train", "--data", "faces", "--network", "tiny", "--batch", "1"}),
                  {"--batch", "2 or more"});
  require_refused(place.run({"evaluate", "model.safetensors", "--data", "faces", "--negatives", "faces"}),
                  {"--negatives", "the output 'face'"});
  require_refused(place.run({"evaluate", "tiny", "--data", "faces", "--negatives", "nowhere"}),
                  {"nowhere", "--negatives", "no folder"});
  place.write("odd/a.png", "no picture");
  const Outcome o = place.run({"evaluate", "tiny", "--data", "faces", "--negatives", "odd"});
  CHECK(o.code == 2);
  CHECK(o.err.find("left out: odd/a.png") != std::string::npos);
  require_refused(place.run({"export", "tiny", "--out", "list.txt"}), {"--out", ".safetensors"});
}

TEST_CASE("faces can be limited, and what was held out can be measured by another command") {
  const Place place;
  make_faces(place, "faces", 10);
  place.write("net.json", kSmallNetwork);
  const Words split{"--val-split", "0.3", "--seed", "5"};
  Words train{"train", "--data", "faces", "--network", "net.json", "--epochs", "1", "--batch", "2", "--limit", "3"};
  train.insert(train.end(), split.begin(), split.end());
  const Outcome o = place.run(train);
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("training on 3 faces, 3 held out") != std::string::npos);
  Words evaluate{"evaluate", "run/last.safetensors", "--data", "faces", "--json"};
  evaluate.insert(evaluate.end(), split.begin(), split.end());
  const Outcome e = place.run(evaluate);
  INFO(e.err);
  const auto json = nlohmann::json::parse(e.out);
  CHECK(json["faces"] == 3);
  CHECK(json["photos"]["trained_on"] == 0);
  CHECK(json["photos"]["held_out_in_training"] == 3);
  evaluate.insert(evaluate.end(), {"--part", "test"});
  require_refused(place.run(evaluate), {"--val-split", "--part train"});
}

}  // namespace lineament::test
