// Training that comes apart without giving NaN: it stops with one clear line, and nothing useless is saved.
#include <filesystem>

#include "catch.hpp"
#include "lineament/model/model.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

/// Gives the run in `folder` other settings, as the command line of a resumed run may not.
void change_settings(const Place& place, const std::string& folder, const std::string& what, const std::string& by) {
  const Path last = place / (folder + "/last.safetensors");
  Checkpoint checkpoint = load_checkpoint(last);
  REQUIRE(checkpoint.state);
  std::string& settings = checkpoint.state->settings;
  const auto at = settings.find(what);
  REQUIRE(at != std::string::npos);
  settings.replace(at, what.size(), by);
  save_checkpoint(last, checkpoint.model, *checkpoint.state);
}

void require_astray(const Outcome& o, const std::string& epoch) {
  INFO(o.err);
  CHECK(o.code == 2);
  REQUIRE(complaints(o.err).size() == 1);
  CHECK(lines_of(o.err).back() == complaints(o.err)[0]);
  for (const std::string& part :
       Words{"lineament: " + epoch + ": ", "NME", "worse than a guess", "not saved", "lower --lr"}) {
    INFO("wanted in it: " << part);
    CHECK(complaints(o.err)[0].find(part) != std::string::npos);
  }
  CHECK(o.err.find("  best\n") == std::string::npos);
}

}  // namespace

TEST_CASE("a first epoch that ends far worse than guessing stops the training and saves no model") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  for (const std::string& held_out : Words{"0.2", "0"}) {
    INFO("--val-split " << held_out);
    const Words wild{"--synthetic", "32", "--epochs", "3", "--val-split", held_out};
    Words words = training("run", wild);
    words.insert(words.end(), {"--lr", "100"});
    require_astray(place.run(words), "epoch 1");
    CHECK(place.list("run") == Words{"last.safetensors"});
    // The advice is good: the same folder, a lower rate.
    words.back() = "0.001";
    const Outcome tame = place.run(words);
    INFO(tame.err);
    CHECK(tame.code == 0);
    std::filesystem::remove_all(place / "run");
  }
}

TEST_CASE("a resumed run that goes astray keeps its good model, its state and a report") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  REQUIRE(place.run(training("run", {"--synthetic", "32", "--epochs", "2", "--lr", "0.001", "--schedule", "constant"}))
              .code == 0);
  change_settings(place, "run", "\"epochs\":2", "\"epochs\":5");
  change_settings(place, "run", "\"lr\":0.001", "\"lr\":1000.0");
  const std::string model = place.read("run/model.safetensors"), last = place.read("run/last.safetensors"),
                    log = place.read("run/log.jsonl");
  std::filesystem::remove(place / "run/report.html");
  const Outcome o = place.run({"train", "--resume", "--out", "run"});
  require_astray(o, "epoch 3");
  CHECK(place.read("run/model.safetensors") == model);
  CHECK(place.read("run/last.safetensors") == last);
  CHECK(place.read("run/log.jsonl") == log);
  CHECK(place.list("run") == Words{"last.safetensors", "log.jsonl", "model.safetensors", "report.html"});
  CHECK(o.err.find("model:  run/model.safetensors") != std::string::npos);
}

TEST_CASE("a single face, which the mean face fits exactly, can be trained on") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  const Outcome o = place.run({"train", "--network", "small.json", "--synthetic", "1", "--batch", "8", "--copies", "16",
                               "--epochs", "2", "--val-split", "0", "--out", "run"});
  INFO(o.err);
  CHECK(o.code == 0);
}

}  // namespace lineament::test
