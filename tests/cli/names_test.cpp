// Names of files and folders in another encoding than UTF-8, as on old disks and in unpacked archives.
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

const std::string kFolder = "gr\xFCn", kNetwork = "netz\xE9.json", kRun = "l\xE4uft";  // ISO 8859-1
const std::string kReplacement = "\uFFFD";

bool names_may_be_anything(const Place& place) {
  std::error_code error;
  std::filesystem::create_directory(place / kFolder, error);
  if (error) WARN("left out: this file system takes names in UTF-8 alone");
  return !error;
}

/// Throws for a text that is not UTF-8.
void require_utf8(const std::string& text) {
  CHECK_NOTHROW(Json(text).dump());
}

}  // namespace

TEST_CASE("photos in a folder whose name is not UTF-8 are trained on, and the run is resumed") {
  const Place place;
  if (!names_may_be_anything(place)) return;
  make_faces(place, kFolder, 24);
  for (const char* kind : {".png", ".pts"})
    std::filesystem::rename(place / (kFolder + "/face_00003" + kind), place / (kFolder + "/gesicht_\xDF" + kind));
  place.write(kNetwork, kSmallNetwork);
  const Words start{"train", "--network",   kNetwork, "--data",    kFolder, "--epochs", "60", "--batch",
                    "4",     "--val-split", "0.5",    "--threads", "1",     "--out",    kRun};
  const Outcome stopped = place.run_and_kill(
      start, [&] { return std::filesystem::exists(place / (kRun + "/log.jsonl")); }, SIGKILL);
  INFO(stopped.err);
  REQUIRE(stopped.signal == SIGKILL);
  const Outcome o = place.run({"train", "--resume", "--out", kRun, "--data", kFolder, "--threads", "1"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("going on after epoch") != std::string::npos);
  CHECK(o.err.find("the data has changed") == std::string::npos);
  const Outcome other = place.run({"train", "--resume", "--out", kRun, "--data", "gruen\xFC"});
  require_refused(other, {"--data: it differs"});

  const std::string report = place.read(kRun + "/report.html");
  require_utf8(report);
  CHECK(report.find("gr" + kReplacement + "n") != std::string::npos);
  CHECK(report.find("gesicht_" + kReplacement) != std::string::npos);
  require_utf8(place.read(kRun + "/log.jsonl"));
  const Outcome inspected = place.run({"inspect", kRun + "/model.safetensors"});
  CHECK(inspected.code == 0);
  CHECK(inspected.out.find("trained on 12 faces of gr" + kReplacement + "n") != std::string::npos);
}

TEST_CASE("every --json stays JSON where a name is not UTF-8") {
  const Place place;
  if (!names_may_be_anything(place)) return;
  make_faces(place, kFolder, 2);
  place.write(kFolder + "/all\xEBin.pts", "x");
  const std::string model = kFolder +
                            "/m\xF6"
                            "del.safetensors",
                    photo = kFolder + "/face_00000.png";
  make_model(place, model);
  const auto json_of = [&](const Words& words, int code) {
    INFO(words[0]);
    const Outcome o = place.run(words);
    INFO(o.err);
    CHECK(o.code == code);
    return Json::parse(o.out);
  };
  CHECK(json_of({"evaluate", model, "--data", kFolder, "--json"}, 0)["faces"] == 2);
  CHECK(json_of({"inspect", model, "--json"}, 0)["layers"].size() == 6);
  CHECK(json_of({"predict", model, photo}, 0)["faces"].size() == 1);
  const Json checked = json_of({"validate", kFolder, "--json"}, 2);
  CHECK(checked["faces"] == 2);
  CHECK(checked["rejected"][0]["file"].get<std::string>().find("all" + kReplacement + "in.pts") != std::string::npos);
  const Outcome written = place.run({"predict", model, photo, "--json", kFolder + "/\xE4.json", "--pts", "p\xFC"});
  INFO(written.err);
  CHECK(written.code == 0);
  CHECK(Json::parse(place.read(kFolder + "/\xE4.json"))["faces"].size() == 1);
  require_refused(place.run({"train", "--synthetic", "8", "--loss", "l\xFC"}), {"loss"});
}

}  // namespace lineament::test
