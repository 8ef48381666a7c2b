// Reported: "predict --box A --box B answered B alone", "a box outside of the photo gave points out there", and what
// people expect of a program that reads files and writes JSON.
#include <nlohmann/json.hpp>

#include "lineament/faces/pts.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/model.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;
using nlohmann::json;

Words predict(const Words& more) {
  Words words{"predict", "model.safetensors"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("predict gives a result for each box, in the boxes' order") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place.path(), 1);
  const Outcome o = place.run(predict({"face_0.png", "--box", "10,10,60,60", "--box", "20,15,70,70", "--pts", "p"}));
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(place.list("p") == Words{"face_0_1.pts", "face_0_2.pts", "photos.csv"});
  CHECK(contains(place.read("p/photos.csv"), "\"face_0_2.pts\",\"face_0.png\""));
  // A photo in the folder has its name's file for its own points.
  place.write("q/face_0_1.jpg", "x");
  REQUIRE(place.run(predict({"face_0.png", "--box", "10,10,60,60", "--box", "20,15,70,70", "--pts", "q"})).code == 0);
  CHECK(place.list("q") == Words{"face_0_1.jpg", "face_0__1.pts", "face_0__2.pts", "photos.csv"});
  const Outcome both = place.run(predict({"face_0.png", "--box", "10,10,60,60", "--box", "20,15,70,70"}));
  const json faces = json::parse(both.out)["faces"];
  REQUIRE(faces.size() == 2);
  CHECK(faces[0].at("box") == json{10, 10, 60, 60});
  CHECK(faces[1].at("box") == json{20, 15, 70, 70});
  const json alone = json::parse(place.run(predict({"face_0.png", "--box", "20,15,70,70"})).out)["faces"][0];
  for (std::size_t i = 0; i < kPoints; ++i)
    CHECK(faces[1].at("points")[i][0].get<double>() == Approx(alone.at("points")[i][0].get<double>()).margin(0.01));
}

TEST_CASE("a box outside of the photo is an error, in the program and in the library") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place.path(), 1);
  for (const std::string box : {"500,10,60,60", "-90,10,60,60", "10,96,60,60", "10,-80,60,60"}) {
    const Outcome o = place.run(predict({"face_0.png", "--box", box}));
    CHECK(o.code == 2);
    CHECK(o.out.empty());
    CHECK(contains(o.err, "it lies outside the photo (wanted a part of 0,0,96,96, got " + box + ")"));
  }
  const Outcome huge = place.run(predict({"face_0.png", "--box", "-90000,-90000,300000,300000"}));
  CHECK(huge.code == 2);
  CHECK(contains(huge.err, "most of it lies outside the photo"));
  Landmarker landmarker(place / "model.safetensors");
  CHECK_THROWS_AS(landmarker.predict(Image(96, 96), Box{200, 10, 60, 60}), ArgumentError);
}

TEST_CASE("- is standard input and output; folders and lists of names are read") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place / "photos/more", 2);
  place.write("names.txt", "photos/more/face_1.png\r\nphotos/more/face_0.png\n");
  const auto images = [&](const Words& words) {
    const Outcome o = place.run(predict(words));
    INFO(o.err);
    REQUIRE(o.code == 0);
    std::string names;
    const json result = json::parse(o.out);
    for (const json& face : result.at("faces")) names += face.at("image").get<std::string>() + " ";
    return names;
  };
  CHECK(images({"photos", "--json", "-"}) == "photos/more/face_0.png photos/more/face_1.png ");
  CHECK(images({"photos", "--json", "-", "--pts", "p"}) == "photos/more/face_0.png photos/more/face_1.png ");
  const auto read = [&](const fs::path& input, const std::string& word) {
    const Outcome o = place.run_reading(input, predict({word}));
    INFO(o.err);
    REQUIRE(o.code == 0);
    return json::parse(o.out).at("faces");
  };
  CHECK(read("photos/more/face_0.png", "-")[0].at("points") ==
        read("names.txt", "photos/more/face_0.png")[0].at("points"));
  CHECK(contains(place.run_reading("names.txt", predict({"-"})).err, "standard input"));
  CHECK(images({"@names.txt"}) == "photos/more/face_1.png photos/more/face_0.png ");
  fs::create_directories(place / "empty");
  CHECK(contains(place.run(predict({"empty"})).err, "the folder holds no image"));
}

TEST_CASE("of photos with one name the unique ones keep theirs, and a map says which is which") {
  const Place place;
  lineament::test::make_model(place);
  draw_into(place / "a", 2);
  draw_into(place / "b", 1);
  fs::rename(place / "a/face_1.png", place / "a/face_0-1.png");
  const Outcome o = place.run(predict({"a/face_0.png", "b/face_0.png", "a/face_0-1.png", "--pts", "p"}));
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(place.list("p") == Words{"face_0-1.pts", "face_0-2.pts", "face_0-3.pts", "photos.csv"});
  const std::string map = place.read("p/photos.csv");
  CHECK(contains(map, "\"face_0-1.pts\",\"a/face_0-1.png\""));
  CHECK(contains(map, "\"face_0-2.pts\",\"a/face_0.png\""));
  CHECK(contains(map, "\"face_0-3.pts\",\"b/face_0.png\""));
}
