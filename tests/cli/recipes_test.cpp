// Recipes: options of a run from a file. Those that come with the program train, and what they train says how sure it
// is.
#include "cli/recipes.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/model/model.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

cli::TrainOptions with(const std::string& recipe) {
  cli::TrainOptions options;
  options.recipe = recipe;
  cli::apply_recipe(options);
  return options;
}

}  // namespace

TEST_CASE("the recipes of the program are read, and what the command line has given stays") {
  CHECK(cli::recipe_names() == "adapt, compact, drawn, large, tiny");
  for (const char* name : {"compact", "large", "tiny"}) {
    INFO(name);
    const cli::TrainOptions o = with(name);
    CHECK((o.network == name || o.from == name));
    CHECK(o.mirror_until == 0.8);
    CHECK(o.loss == "laplace");
    CHECK(o.mix == 0.5);
    CHECK(o.mix_until == std::vector<double>{0.6, 0.8});
    CHECK(o.ema == 0.999);
    CHECK(o.beta2 == 0.99);
    CHECK(o.has("epochs"));
  }
  CHECK(with("drawn").synthetic > 0);
  CHECK(with("drawn").mix == 0);

  cli::TrainOptions own;
  own.recipe = "compact";
  own.epochs = 7;
  own.given = {"epochs"};
  cli::apply_recipe(own);
  CHECK(own.epochs == 7);
  CHECK(own.batch == 64);

  cli::TrainOptions none;
  cli::apply_recipe(none);
  CHECK(none.given.empty());
}

TEST_CASE("a mix that there are no faces for is refused, and says what to do") {
  const Place place;
  require_refused(place.run({"train", "--recipe", "compact", "--out", "run"}), {"--data DIR", "--mix 0"});
  make_faces(place, "faces", 4);
  require_refused(place.run({"train", "--recipe", "tiny", "--data", "faces", "--mix", "0.4", "--batch", "1"}),
                  {"--mix", "no whole face of a batch"});
  const Outcome o =
      place.run({"train", "--recipe", "tiny", "--data", "faces", "--mix", "0", "--epochs", "1", "--batch", "2"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("drawn") == std::string::npos);
}

TEST_CASE("--from none begins a recipe untrained, and the run goes on as any") {
  const Place place;
  make_faces(place, "faces", 4);
  const Words words{"train", "--recipe", "tiny", "--data",      "faces", "--mix",     "0", "--epochs", "1", "--batch",
                    "2",     "--out",    "run",  "--val-split", "0",     "--threads", "1", "--from"};
  const auto with = [&](const Words& more) {
    Words all = words;
    all.insert(all.end(), more.begin(), more.end());
    return place.run(all);
  };
  const Outcome o = with({"none", "--network", "tiny"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("taken from") == std::string::npos);
  CHECK(place.run({"train", "--resume", "--out", "run"}).code == 0);
  require_refused(with({"none"}), {"--from none", "--network NAME"});
  // The recipe's weights are of other layers: what is advised is what was done above.
  require_refused(with({"tiny", "--network", "compact"}), {"another shape", "--from none --network compact"});
  place.write(
      "five.json",
      R"({"scheme": "five", "points": 5, "names": ["left eye", "right eye", "nose", "left mouth", "right mouth"],)"
      R"("mirror": [["left eye", "right eye"], ["left mouth", "right mouth"]],)"
      R"("eye_corners": ["left eye", "right eye"], "regions": {"eyes": [0, 1]}, "lines": [[0, 1]]})");
  require_refused(place.run({"train", "--recipe", "tiny", "--data", "faces", "--from", "none", "--network", "tiny",
                             "--scheme", "five.json", "--out", "other"}),
                  {"drawn faces", "ibug-68", "five", "--mix 0"});
}

TEST_CASE("a recipe that cannot be meant is refused, with all that is wrong in it") {
  const Place place;
  const auto refused = [&](const std::string& json, const Words& parts) {
    INFO(json);
    place.write("r.json", json);
    require_refused(place.run({"train", "--synthetic", "8", "--recipe", "r.json", "--out", "run"}), parts);
  };
  refused(R"({"epochs": 2, "speed": 9, "colour": "red"})", {"r.json", "'speed', 'colour'"});
  refused(R"({"out": "elsewhere"})", {"'out'"});  // it is of this call, not of a run
  refused(R"({"epochs": 0})", {"r.json", "--epochs", "1 or more"});
  refused(R"({"epochs": "many"})", {"--epochs"});
  refused(R"({"epochs": {"a": 1}})", {"'epochs'", "a text, a number or a list"});
  refused(R"({"group": "", "epochs": "many"})", {"--epochs"});  // an empty text does not take the next option
  refused("[1, 2]", {"not a recipe"});
  refused("{", {"not valid JSON"});
  refused(R"({"epochs": 3, "epochs": 4})", {"there twice", "'epochs'"});
}

TEST_CASE("the options that a model shows are a recipe: what was not given, and has no default, is not among them") {
  const Place place;
  place.write("net.json", kSmallNetwork);
  const Words run{"train",   "--synthetic", "8",           "--network", "net.json",  "--epochs", "1",
                  "--batch", "4",           "--val-split", "0",         "--threads", "1",        "--out"};
  Words first = run;
  first.push_back("first");
  REQUIRE(place.run(first).code == 0);
  const std::string options = load_model(place / "first/model.safetensors").metadata.at("options");
  for (const char* absent : {"limit", "mix\"", "backgrounds", "freeze"})
    CHECK(options.find(std::string("\"") + absent) == std::string::npos);
  // Another default of a later version does not change what they mean.
  const Json known = Json::parse(options);
  CHECK(known.at("weight-decay") == 0);
  CHECK(known.at("warmup") == 0.5);
  CHECK(known.at("accumulate") == 1);
  place.write("again.json", options);
  const Outcome o = place.run({"train", "--recipe", "again.json", "--threads", "1", "--out", "second"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  require_same_model(place, "first/model.safetensors", "second/model.safetensors");
}

TEST_CASE("annotated photos among the backgrounds, a limit above the data, and a batch without photos are told") {
  const Place place;
  make_faces(place, "faces", 8);
  place.write("net.json", kSmallNetwork);
  Outcome o = place.run({"train", "--data", "faces", "--synthetic", "4", "--mix", "0.5", "--backgrounds", "faces",
                         "--network", "net.json", "--epochs", "1", "--batch", "4", "--limit", "50", "--threads", "1"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(o.err.find("8 of the 8 photos of --backgrounds are photos of --data") != std::string::npos);
  CHECK(o.err.find("--limit 50 is more than the ") != std::string::npos);
  require_refused(place.run({"train", "--recipe", "tiny", "--data", "faces", "--synthetic", "4", "--mix", "0.99",
                             "--batch", "4", "--out", "other"}),
                  {"--mix", "no place is left for photos", "--negatives"});
}

TEST_CASE("faces are mirrored until a share of the run's epochs; where that changes, a stopped run goes on as any") {
  const Place place;
  place.write("net.json", kSmallNetwork);
  const auto train = [&](const char* until, const char* out) {
    return Words{"train", "--synthetic",    "12",  "--network",   "net.json", "--epochs",  "4", "--batch",
                 "4",     "--ema",          "0.9", "--val-split", "0",        "--threads", "1", "--out",
                 out,     "--mirror-until", until};
  };
  for (const char* until : {"1", "0.5", "0"}) REQUIRE(place.run(train(until, until)).code == 0);
  const auto weights = [&](const char* run) {
    const Model model = load_model(place / run / "last.safetensors");
    return std::vector<float>(model.network.weights().begin(), model.network.weights().end());
  };
  CHECK(weights("1") != weights("0.5"));
  CHECK(weights("0.5") != weights("0"));

  for (const int epochs : {1, 2, 3}) {  // before, at and after the change
    const std::string out = "stopped" + std::to_string(epochs);
    const auto lines = [&] {
      const std::string log = std::filesystem::exists(place / out / "log.jsonl") ? place.read(out + "/log.jsonl") : "";
      return std::count(log.begin(), log.end(), '\n');
    };
    place.run_and_kill(
        train("0.5", out.c_str()), [&] { return lines() >= epochs; }, 9);
    const Outcome o = place.run({"train", "--resume", "--out", out, "--threads", "2"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    CHECK(weights(out.c_str()) == weights("0.5"));
  }
}

TEST_CASE("a recipe trains photos with drawn faces beside them; the model says how sure it is, and how it was made") {
  const Place place;
  make_faces(place, "faces", 8);
  const Words train{"train", "--recipe", "tiny", "--data",    "faces", "--synthetic", "6",   "--epochs", "2", "--batch",
                    "4",     "--out",    "run",  "--threads", "1",     "--val-split", "0.25"};
  Outcome o = place.run(train);
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(o.err.find("training on 6 faces and 6 drawn faces, 2 held out") != std::string::npos);
  const Model model = load_model(place / "run/model.safetensors");
  CHECK(model.trained_on.starts_with("6 faces of faces and 6 drawn faces, begun with a model trained on"));
  const Json options = Json::parse(model.metadata.at("options"));
  CHECK(options["network"] == "tiny");
  CHECK(options["from"] == "tiny");  // of the program, so that no path is told
  CHECK(options["batch"] == 4);
  CHECK(options["lr"] == 0.003);
  CHECK(options["loss"] == "laplace");
  CHECK(options["synthetic"] == 6);

  o = place.run(
      {"predict", "run/model.safetensors", "faces/face_00000.png", "--mirror", "--overlay", "out", "--json", "-"});
  INFO(o.err);
  const Json face = Json::parse(o.out)["faces"][0];
  REQUIRE(face["spread"].size() == 68);
  for (const Json& s : face["spread"]) CHECK(s.get<double>() > 0);
  o = place.run({"evaluate", "run/model.safetensors", "--data", "faces", "--json", "--report", "page.html"});
  CHECK(Json::parse(o.out)["calibration"].size() == 10);
  CHECK(place.read("page.html").find("where it errs") != std::string::npos);
  CHECK(place.run({"evaluate", "run/model.safetensors", "--data", "faces", "--precision", "int8"}).code == 0);

  // Resumed, the run ends as one that was not stopped.
  Words shorter = train;
  shorter[shorter.size() - 1] = "0.25";
  Words stopped = shorter;
  for (std::size_t i = 0; i + 1 < stopped.size(); ++i)
    if (stopped[i] == "--out") stopped[i + 1] = "other";
  o = place.run_and_kill(
      stopped, [&] { return std::filesystem::exists(place / "other/log.jsonl"); }, 9);
  o = place.run({"train", "--resume", "--out", "other", "--threads", "2"});
  INFO(o.err);
  CHECK(o.code == 0);
  require_same_model(place, "run/model.safetensors", "other/model.safetensors");
}

}  // namespace lineament::test
