// The program without a model file: the models that are part of it, found by name or taken where none is given, and
// models written to be shipped.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"
#include "lineament/model/safetensors.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

/// What the program prints, as JSON.
Json json_of(const Place& place, const Words& words) {
  const Outcome o = place.run(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return Json::parse(o.out);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("predict needs a photo and no model, and says which one it takes") {
  const Place place;
  make_faces(place, "faces", 2);
  const std::string photo = "faces/face_00000.png", other = "faces/face_00001.png";
  const Outcome o = place.run({"predict", photo});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err == "model: compact, trained on " + load_default_model().trained_on + "\n");
  const Json faces = Json::parse(o.out).at("faces");
  REQUIRE(faces.size() == 1);
  CHECK(faces[0].at("points").size() == 68);

  // Named, it is the same, and nothing is said; another gives other points.
  const Outcome named = place.run({"predict", "compact", photo});
  CHECK(named.err.empty());
  CHECK(Json::parse(named.out).at("faces") == faces);
  CHECK(json_of(place, {"predict", "tiny", photo}).at("faces") != faces);
  CHECK(json_of(place, {"predict", photo, other}).at("faces").size() == 2);
  CHECK(json_of(place, {"predict", "tiny", photo, other}).at("faces").size() == 2);
  CHECK(json_of(place, {"predict", "faces"}).at("faces").size() == 2);
  CHECK(json_of(place, {"predict", photo, "--precision", "int8"}).at("faces").size() == 1);
  CHECK(Json::parse(place.run_reading(photo, {"predict", "-"}).out).at("faces").size() == 1);
  place.write("names.txt", photo + "\n" + other + "\n");
  CHECK(json_of(place, {"predict", "@names.txt"}).at("faces").size() == 2);

  // A file of the user's comes before the library's model, whatever it is called.
  std::filesystem::copy(place / "faces", place / "tiny");
  CHECK(json_of(place, {"predict", "tiny", photo}).at("faces").size() == 3);
  make_model(place);
  CHECK(json_of(place, {"predict", "model.safetensors", photo}).at("faces") != faces);
}

TEST_CASE("predict refuses a model without a photo, and what is neither, before it finds points with another model") {
  const Place place;
  make_faces(place, "faces", 1);
  make_model(place);
  make_model(place, "run/model.safetensors");
  const std::string photo = "faces/face_00000.png";
  require_refused(place.run({"predict"}), {"a photo is missing", "predict --help"});
  require_refused(place.run({"predict", "model.safetensors"}),
                  {"a photo is missing", "the model model.safetensors alone"});
  require_refused(place.run({"predict", "tiny"}), {"a photo is missing", "the model tiny alone"});
  require_refused(place.run({"predict", "modle.safetensors", photo}), {"modle.safetensors", "check the path"});
  require_refused(place.run({"predict", "compcat", photo}),
                  {"compcat: there is neither a photo nor a model", "compact or tiny", "check the path"});
  require_refused(place.run({"predict", "model.safetensor", photo}), {"neither a photo nor a model"});
  require_refused(place.run({"predict", "run", photo}), {"run/model.safetensors"});
  require_refused(place.run({"predict", "missing.jpg"}), {"missing.jpg"});
  // One bad photo of many is no reason to lose the others.
  const Outcome some = place.run({"predict", "missing.jpg", photo});
  CHECK(some.code == 2);
  CHECK(complaints(some.err).size() == 1);
  CHECK(Json::parse(some.out).at("faces").size() == 1);
}

TEST_CASE("evaluate measures the program's own model, or the one it names") {
  const Place place;
  make_faces(place, "faces", 3);
  const Outcome o = place.run({"evaluate", "--synthetic", "12", "--json"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(contains(o.err, "model: compact, trained on "));
  const Json own = Json::parse(o.out), tiny = json_of(place, {"evaluate", "tiny", "--synthetic", "12", "--json"});
  CHECK(own.at("model") == "compact");
  CHECK(own.at("nme").at("inter_ocular") < 10);
  CHECK(tiny.at("model") == "tiny");
  CHECK(tiny.at("nme").at("inter_ocular") != own.at("nme").at("inter_ocular"));
  CHECK(json_of(place, {"evaluate", "compact", "--synthetic", "12", "--json"}).at("nme") == own.at("nme"));
  CHECK(json_of(place, {"evaluate", "--data", "faces", "--json"}).at("faces") == 3);
  CHECK(json_of(place, {"evaluate", "--json", "--data", "faces", "tiny"}).at("model") == "tiny");
  require_refused(place.run({"evaluate"}), {"--data DIR or --synthetic N", "--synthetic 200"});
  require_refused(place.run({"evaluate", "huge", "--synthetic", "4"}),
                  {"huge: there is no such model", "compact or tiny"});
}

TEST_CASE("inspect and train --from know the program's own models") {
  const Place place;
  const Outcome o = place.run({"inspect", "tiny"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(contains(o.out, "crop 128 x 128"));
  CHECK(contains(o.out, "trained on " + load_default_model("tiny").trained_on));
  CHECK(place.run({"inspect", "tiny", "--why", "--precision", "int8"}).code == 0);

  const Outcome trained = place.run({"train", "--from", "tiny", "--synthetic", "4", "--batch", "4", "--epochs", "1",
                                     "--val-split", "0", "--lr", "1e-12", "--out", "run"});
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  CHECK(contains(trained.err, "layers taken from tiny\n"));
  const Model tuned = load_model(place / "run/model.safetensors"), tiny = load_default_model("tiny");
  CHECK(tuned.trained_on == "4 drawn faces, begun with a model trained on " + tiny.trained_on);
  CHECK(tuned.network.weight_count() == tiny.network.weight_count());
}

TEST_CASE("export writes a model in half the size that finds the same points, and forgets where it was trained") {
  const Place place;
  place.write("small.json", kSmallNetwork);
  make_faces(place, "faces", 8);
  REQUIRE(place.run(training("run", {"--data", "faces", "--epochs", "2", "--batch", "4", "--val-split", "0"})).code ==
          0);
  const Outcome o = place.run({"export", "run/last.safetensors", "--out", "face.safetensors"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(contains(o.err, "model: face.safetensors, 0."));
  CHECK(contains(o.err, " MB, trained on 8 faces of faces"));
  const auto size = [&](const Path& file) { return static_cast<double>(std::filesystem::file_size(place / file)); };
  CHECK(size("face.safetensors") < 0.6 * size("run/model.safetensors"));
  const Checkpoint shipped = load_checkpoint(place / "face.safetensors"),
                   trained = load_checkpoint(place / "run/last.safetensors");
  CHECK_FALSE(shipped.state);
  CHECK(shipped.model.trained_photos.size() == 8);
  CHECK(shipped.model.trained_on == trained.model.trained_on);
  CHECK(shipped.model.metadata.count("command") == 0);
  CHECK(shipped.model.metadata.at("version") == trained.model.metadata.at("version"));
  const Json options = Json::parse(shipped.model.metadata.at("options"));
  CHECK(options.at("epochs") == 2);
  for (const char* path : {"data", "from", "backgrounds", "network"}) CHECK_FALSE(options.contains(path));
  CHECK(options.at("scheme") == "ibug-68");
  CHECK_FALSE(contains(place.read("face.safetensors"), place.path().string()));

  const auto nme = [&](const std::string& model) {
    return json_of(place, {"evaluate", model, "--synthetic", "20", "--json"})
        .at("nme")
        .at("inter_ocular")
        .get<double>();
  };
  CHECK(nme("face.safetensors") == Approx(nme("run/last.safetensors")).epsilon(0.02));
  // The photos it was trained on are known as before.
  CHECK(contains(place.run({"evaluate", "face.safetensors", "--data", "faces"}).err,
                 "8 of the 8 photos were trained on"));

  REQUIRE(place
              .run({"export", "run/last.safetensors", "--out", "wide.safetensors", "--weights", "fp32", "--trained-on",
                    "faces of ours"})
              .code == 0);
  const Model wide = load_model(place / "wide.safetensors");
  CHECK(wide.trained_on == "faces of ours");
  const auto a = wide.network.weights(), b = trained.model.network.weights();
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));

  REQUIRE(place.run({"export", "face.safetensors", "--out", "again.safetensors"}).code == 0);
  CHECK(place.read("again.safetensors") == place.read("face.safetensors"));
  // A checkpoint, too: its state of training would be lost.
  for (const char* there : {"./face.safetensors", "run/last.safetensors"})
    require_refused(place.run({"export", "face.safetensors", "--out", there}),
                    {"--out", "there already", "another name"});
  require_refused(place.run({"export", "face.safetensors"}), {"--out", "export --help"});
  require_refused(place.run({"export", "none.safetensors", "--out", "x.safetensors"}), {"none.safetensors"});
  make_faces(place, "faces", 1);
  place.write("notes.txt", "not a model");
  for (const char* file : {"faces/face_00000.png", "notes.txt", "empty"}) {
    if (file == std::string("empty")) place.write(file, "");
    require_refused(place.run({"export", file, "--out", "x.safetensors"}),
                    {file, "no model", "a .safetensors file, or compact", "run/model.safetensors"});
  }
  std::filesystem::copy_file(place / "face.safetensors", place / "face.model");  // whatever its name
  CHECK(place.run({"export", "face.model", "--out", "y.safetensors"}).code == 0);
  require_refused(place.run({"export", "face.safetensors", "--out", "x", "--weights", "int8"}), {"--weights", "int8"});
}

TEST_CASE("export --calibrate fits what the model expects of its errors to photos that it was not trained on") {
  const Place place;
  make_faces(place, "faces", 40);
  const Outcome o =
      place.run({"export", "tiny", "--out", "x.safetensors", "--weights", "fp32", "--calibrate", "faces"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(contains(o.err, "calibrated on 40 faces: surest tenth of points "));
  const Json before = json_of(place, {"evaluate", "tiny", "--data", "faces", "--json"}),
             after = json_of(place, {"evaluate", "x.safetensors", "--data", "faces", "--json"});
  CHECK(after.at("nme") == before.at("nme"));
  const auto total = [](const Json& of, const char* what) {
    double sum = 0;
    for (const Json& group : of.at("calibration"))
      sum += group.at("points").get<double>() * group.at(what).get<double>();
    return sum;
  };
  CHECK(total(after, "measured") == Approx(total(before, "measured")).epsilon(1e-6));
  const auto off = [&](const Json& of) { return std::abs(std::log(total(of, "expected") / total(of, "measured"))); };
  CHECK(off(after) < 0.05);
  CHECK(off(after) < off(before));

  const Outcome part = place.run(
      {"export", "tiny", "--out", "y.safetensors", "--calibrate", "faces", "--val-split", "0.25", "--seed", "3"});
  INFO(part.err);
  CHECK(contains(part.err, "calibrated on 30 faces"));
  REQUIRE(place
              .run({"train", "--from", "tiny", "--data", "faces", "--batch", "4", "--epochs", "1", "--val-split", "0.5",
                    "--out", "run"})
              .code == 0);
  const Outcome known =
      place.run({"export", "run/model.safetensors", "--out", "z.safetensors", "--calibrate", "faces"});
  INFO(known.err);
  CHECK(contains(known.err, "20 faces of photos that the model was trained on"));
  CHECK(contains(known.err, "calibrated on 20 faces"));
  require_refused(place.run({"export", "run/model.safetensors", "--out", "w.safetensors", "--calibrate", "faces",
                             "--val-split", "0.5"}),
                  {"--calibrate", "no face is left"});
  require_refused(place.run({"export", "tiny", "--out", "w.safetensors", "--val-split", "0.5"}), {"--calibrate"});
  require_refused(place.run({"export", "tiny", "--out", "w.safetensors", "--calibrate", "none"}), {"none"});
  place.write("small.json", kSmallNetwork);
  REQUIRE(place.run(training("plain", {"--data", "faces", "--epochs", "1", "--batch", "4"})).code == 0);
  require_refused(place.run({"export", "plain/model.safetensors", "--out", "w.safetensors", "--calibrate", "faces"}),
                  {"--calibrate", "'spread'"});
  CHECK_FALSE(std::filesystem::exists(place / "w.safetensors"));
}

}  // namespace lineament::test
