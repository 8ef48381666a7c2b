// Asked for: "I have five points a face, not 68." The same commands work for any scheme that a file describes.
#include <nlohmann/json.hpp>

#include "lineament/faces/plausible.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/model/model.hpp"
#include "lineament/version.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

const char* const kFive = R"({"scheme": "five", "points": 5,
  "names": ["left eye", "right eye", "nose", "left mouth", "right mouth"],
  "mirror": [["left eye", "right eye"], [3, 4]], "eye_corners": [0, 1],
  "regions": {"eyes": [0, 1], "mouth": ["left mouth", "right mouth"]}, "lines": [[0, 1], [3, 4]],
  "mean_shape": [[0, 0], [1, 0], [0.5, 0.6], [0.15, 1.1], [0.85, 1.1]]})";

Landmarks five_of(const Landmarks& all) {
  const auto mean = [&](std::size_t first, std::size_t last) {
    Point sum;
    for (std::size_t i = first; i <= last; ++i) sum = sum + all[i];
    return sum * (1 / static_cast<float>(last - first + 1));
  };
  return {mean(36, 41), mean(42, 47), all[30], all[48], all[54]};
}

}  // namespace

TEST_CASE("a scheme comes back from its JSON, and what does not fit is named") {
  const Scheme five = scheme_from_json(kFive);
  CHECK(five.mirror == std::vector<int>{1, 0, 2, 4, 3});
  CHECK(five.regions[1].points == std::vector<int>{3, 4});
  CHECK(five.eyes[1] == std::vector<int>{1});
  CHECK(scheme_to_json(scheme_from_json(scheme_to_json(five))) == scheme_to_json(five));
  CHECK(scheme_to_json(scheme_from_json(scheme_to_json(ibug_68()))) == scheme_to_json(ibug_68()));
  const auto refused = [](std::string what, const std::string& by) {
    std::string json = kFive;
    json.replace(json.find(what), what.size(), by);
    return message<FormatError>([&] { scheme_from_json(json, "five.json"); });
  };
  CHECK(contains(refused("\"points\": 5", "\"points\": 1"), "five.json: the number of points"));
  CHECK(contains(refused("[3, 4]]", "[3, 3]]"), "pairs"));
  CHECK(contains(refused("[3, 4]]", "[3, 5]]"), "no such point"));
  CHECK(contains(refused("\"nose\"", "\"left eye\""), "names"));
  CHECK(contains(refused("\"eye_corners\": [0, 1]", "\"eye_corners\": [0]"), "eye corners"));
  CHECK(contains(refused("\"lines\"", "\"strokes\""), "no entry of this name"));
  CHECK(contains(refused("[0, 0], ", ""), "mean shape"));
  CHECK(contains(refused("[\"left eye\", \"right eye\"], [3, 4]", "[0, 3], [1, 4]"), "does not fit \"mean_shape\""));
  CHECK(contains(refused("[\"left eye\", \"right eye\"], [3, 4]", ""), "does not fit \"mean_shape\""));
  CHECK(contains(refused("\"five\"", "\"ibug-68\""), "built in"));
  CHECK(contains(message<ArgumentError>([] { scheme_by_name("wflw"); }), "ibug-68"));
}

TEST_CASE("swapped axes of another scheme are found by its mean shape") {
  const Scheme five = scheme_from_json(kFive);
  Landmarks points = five_of(draw_face(3, 1).points);
  CHECK_FALSE(shape_problem(points, five));
  for (Point& p : points) std::swap(p.x, p.y);
  CHECK(contains(shape_problem(points, five).value_or(""), "x and y are swapped"));
}

TEST_CASE("train, evaluate, predict and validate on five points") {
  const Place place;
  place.write("five.json", kFive);
  std::string csv = "image";
  for (int i = 0; i < 5; ++i) csv += ",x" + std::to_string(i) + ",y" + std::to_string(i);
  csv += "\n";
  for (Listed face : draw_into(place / "mine", 24)) {
    face.points = five_of(face.points);
    csv += csv_of({face});
  }
  place.write("mine/l.csv", csv);
  place.write("net.json",
              R"({"input": [32, 32, 3], "layers": [{"type": "conv2d", "channels": 8, "kernel": 3, "stride": 2},
                 {"type": "relu"}, {"type": "max_pool"}, {"type": "flatten"}, {"type": "dense", "features": 10}]})");
  const auto ok = [&](const Words& words) {
    const Outcome o = place.run(words);
    INFO(o.err);
    REQUIRE(o.code == 0);
    return o.out;
  };
  CHECK(contains(ok({"validate", "mine/l.csv", "--scheme", "five.json"}), "24 faces"));
  ok({"train", "--data", "mine/l.csv", "--scheme", "five.json", "--network", "net.json", "--batch", "4", "--epochs",
      "3", "--val-split", "0.25", "--out", "run"});
  const Model model = load_model(place / "run/model.safetensors");
  CHECK(model.scheme.name == "five");
  CHECK(model.metadata.at("version") == version());
  CHECK(contains(model.metadata.at("command"), "--scheme five.json"));
  CHECK(model.metadata.contains("date"));
  REQUIRE(model.found_box);  // five points lie inside the box that the detector finds
  CHECK(model.found_box->width < 0.8f);
  const std::string result = ok({"evaluate", "run/model.safetensors", "--data", "mine/l.csv"});
  CHECK(contains(result, "  mouth"));
  ok({"predict", "run/model.safetensors", "mine/face_0.png", "--pts", "p", "--json", "p.json", "--overlay", "o"});
  CHECK(read_pts(place / "p/face_0.pts", scheme_from_json(kFive)).size() == 5);
  CHECK(nlohmann::json::parse(place.read("p.json")).at("faces")[0].at("points").size() == 5);
  ok({"train", "--resume", "--epochs", "4", "--out", "run"});
  ok({"train", "--data", "mine/l.csv", "--from", "run/model.safetensors", "--batch", "4", "--epochs", "1", "--out",
      "tuned"});
  CHECK(load_model(place / "run/model.safetensors").found_box == model.found_box);
  CHECK(load_model(place / "tuned/model.safetensors").found_box);
  // A named network takes as many outputs as the scheme has values; 136 are refused.
  ok({"train", "--data", "mine/l.csv", "--scheme", "five.json", "--network", "mobile", "--batch", "4", "--epochs", "1",
      "--out", "named"});
  place.write("wide.json", lineament::test::kSmallNetwork);
  const Outcome wide = place.run({"train", "--data", "mine/l.csv", "--scheme", "five.json", "--network", "wide.json",
                                  "--batch", "4", "--epochs", "1", "--out", "w"});
  CHECK(contains(wide.err, "10 values out"));
  CHECK(contains(
      place.run({"train", "--synthetic", "8", "--scheme", "five.json", "--network", "net.json", "--out", "d"}).err,
      "points of one scheme only"));
}

TEST_CASE("a model is read from memory, with its scheme and the texts that were given to it") {
  Model model;
  model.network = Network(Spec() << Flatten{} << Dense{.features = 10}, {8, 8, 3}, 1);
  model.preprocessing.size = 8;
  model.scheme = scheme_from_json(kFive);
  model.metadata = {{"label", "kitchen camera"}};
  model.trained_photos = {{"", 1, {2, 3}}, {"", ~std::uint64_t{0}, {}}};
  const TempFolder folder;
  save_model(folder / "m.safetensors", model);
  const Model back = load_model(read_file(folder / "m.safetensors"), "memory");
  CHECK(scheme_to_json(back.scheme) == scheme_to_json(model.scheme));
  CHECK(back.metadata == model.metadata);
  REQUIRE(back.trained_photos.size() == 2);
  CHECK(back.trained_photos[0].look == PerceptualHash{2, 3});
  CHECK(back.trained_photos[1].content == ~std::uint64_t{0});
  CHECK(back.held_out_photos.empty());
  std::vector<std::uint8_t> cut = read_file(folder / "m.safetensors");
  cut.resize(cut.size() / 2);
  CHECK(contains(message<ModelError>([&] { load_model(cut, "memory"); }), "memory"));
}
