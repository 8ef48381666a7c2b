// predict without --box: every face of a photo, of many photos at once, and of none.
#include <cmath>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/image/file.hpp"
#include "program.hpp"

namespace lineament::test {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Two drawn faces side by side, which are surely found.
void draw_pair(const Place& place, const std::string& name) {
  if (!std::filesystem::exists(place / "faces")) make_faces(place, "faces", 2);
  const Image a = read_image(place / "faces/face_00000.png"), b = read_image(place / "faces/face_00001.png");
  Image both(a.width() + b.width(), a.height());
  paste(both, a, 0, 0);
  paste(both, b, a.width(), 0);
  std::filesystem::create_directories((place / name).parent_path());
  write_png(place / name, both);
}

Json json_of(const Outcome& o) {
  INFO(o.err);
  REQUIRE(o.code == 0);
  return Json::parse(o.out);
}

}  // namespace

TEST_CASE("a model and a photo may follow --box, which may be given twice") {
  const Place place;
  make_faces(place, "faces", 1);
  const Json one =
      json_of(place.run({"predict", "--box", "20,20,80,80", "tiny", "faces/face_00000.png", "--json", "-"}));
  CHECK(one.at("faces").size() == 1);
  const Json two = json_of(place.run(
      {"predict", "--box", "20,20,80,80", "--box", "30,30,60,60", "tiny", "faces/face_00000.png", "--json", "-"}));
  CHECK(two.at("faces").size() == 2);
}

TEST_CASE("predict finds every face of a photo, with its box, scores, points, spreads, turn and openings") {
  const Place place;
  draw_pair(place, "pair.png");
  const Json result = json_of(place.run({"predict", "pair.png"}));
  CHECK(result.at("photos") == Json{"pair.png"});
  const Json& faces = result.at("faces");
  REQUIRE(faces.size() == 2);
  for (const Json& face : faces) {
    CHECK(face.at("image") == "pair.png");
    CHECK(face.at("box").size() == 4);
    CHECK(face.at("points").size() == 68);
    CHECK(face.at("spread").size() == 68);
    CHECK(face.at("detection") >= 0.4);
    CHECK(face.at("score") >= 0.5);
    for (const char* angle : {"yaw", "pitch", "roll"}) CHECK(std::abs(face.at(angle).get<double>()) < 90);
    for (const char* open : {"left_eye", "right_eye", "mouth"}) CHECK(face.at(open) >= 0);
  }
  const double left = faces[0].at("box")[0], right = faces[1].at("box")[0];
  CHECK(std::abs(left - right) > 0.4 * read_image(place / "pair.png").width());

  REQUIRE(place.run({"predict", "pair.png", "--pts", "p", "--overlay", "o"}).code == 0);
  CHECK(place.list("p") == Words{"pair_1.pts", "pair_2.pts", "photos.csv"});
  CHECK(place.list("o") == Words{"pair.png"});
  CHECK(json_of(place.run({"predict", "pair.png", "--largest"})).at("faces").size() == 1);
  CHECK(json_of(place.run({"predict", "pair.png", "--min-score", "1"})).at("faces").size() < 2);
  CHECK(json_of(place.run({"predict", "pair.png", "--min-size", "300"})).at("faces").empty());
  const Json whole = json_of(place.run({"predict", "pair.png", "--whole"})).at("faces");
  REQUIRE(whole.size() == 1);
  CHECK(whole[0].at("box").is_null());
  CHECK_FALSE(whole[0].contains("detection"));
}

TEST_CASE("a photo without a face is a result, in its place among others") {
  const Place place;
  draw_pair(place, "in/b.png");
  write_png(place / "in/a.png", Image(120, 90, {90, 120, 160}));
  write_png(place / "in/c.png", Image(1, 1));
  std::filesystem::copy(place / "faces/face_00000.png", place / "in/d.png");
  const Outcome o = place.run({"predict", "in", "--threads", "3"});
  const Json result = json_of(o);
  CHECK(result.at("photos") == Json{"in/a.png", "in/b.png", "in/c.png", "in/d.png"});
  Words images;
  for (const Json& face : result.at("faces")) images.push_back(face.at("image"));
  CHECK(images == Words{"in/b.png", "in/b.png", "in/d.png"});
  CHECK(contains(o.err, "note: no face found in in/a.png, in/c.png; if there is one, try --min-size"));
  CHECK(json_of(place.run({"predict", "in", "--threads", "1"})) == result);
  const Json none = json_of(place.run({"predict", "in/a.png", "--pts", "p", "--json", "-"}));
  CHECK(none.at("faces").empty());
  CHECK(place.list("p").empty());
  // A bad photo among them is named, and the others are there.
  place.write("in/bb.jpg", "no photo");
  const Outcome some = place.run({"predict", "in", "--json", "all.json"});
  CHECK(some.code == 2);
  CHECK(complaints(some.err).size() == 1);
  CHECK(Json::parse(place.read("all.json")).at("faces").size() == 3);
}

TEST_CASE("faces of one photo are not written over those of another") {
  const Place place;
  draw_pair(place, "a.png");
  std::filesystem::copy(place / "faces/face_00000.png", place / "a_1.png");
  REQUIRE(place.run({"predict", "a.png", "a_1.png", "--pts", "p"}).code == 0);
  CHECK(place.list("p") == Words{"a_1.pts", "a__1.pts", "a__2.pts", "photos.csv"});
  CHECK(contains(place.read("p/photos.csv"), "\"a__1.pts\",\"a.png\""));
}

TEST_CASE("options that contradict each other are refused") {
  const Place place;
  draw_pair(place, "a.png");
  require_refused(place.run({"predict", "a.png", "--whole", "--box", "1,2,30,40"}), {"--whole", "--box", "both"});
  require_refused(place.run({"predict", "a.png", "--largest", "--box", "1,2,30,40"}),
                  {"--largest", "no face is looked"});
  require_refused(place.run({"predict", "a.png", "--min-size", "20", "--whole"}), {"--min-size", "no face is looked"});
  require_refused(place.run({"predict", "a.png", "--min-score", "0.9", "--whole"}),
                  {"--min-score", "no face is looked"});
  require_refused(place.run({"predict", "a.png", "--min-score", "2"}), {"--min-score", "0 to 1"});
  require_refused(place.run({"predict", "a.png", "--min-size", "0.001"}),
                  {"a.png: --min-size: it is too small for a picture"});
  require_refused(place.run({"predict", "detector", "a.png"}), {"detector: it finds faces", "leave it out"});
  require_refused(place.run({"predict", "a.png", "--detector", "d.safetensors", "--whole"}),
                  {"--detector", "no face is looked"});
  require_refused(place.run({"predict", "a.png", "--detector", "d.safetensors"}), {"d.safetensors"});
}

TEST_CASE("faces --people draws groups in which predict finds about as many") {
  const Place place;
  REQUIRE(place.run({"faces", "--people", "5", "--size", "480", "--count", "2", "--seed", "3", "--out", "g"}).code ==
          0);
  CHECK(place.list("g") == Words{"group_00000.png", "group_00001.png"});
  const Json faces = json_of(place.run({"predict", "g/group_00000.png"})).at("faces");
  CHECK(faces.size() >= 4);
  CHECK(faces.size() <= 8);
  require_refused(place.run({"faces", "--people", "5", "--film", "5", "--out", "h"}), {"--people", "--film"});
  require_refused(place.run({"faces", "--people", "5", "--points", "--out", "h"}), {"--points"});
}

TEST_CASE("faces refuses options without effect, and a folder with a longer film") {
  const Place place;
  require_refused(place.run({"faces", "--film", "2", "--count", "3"}), {"--film", "--count"});
  require_refused(place.run({"faces", "--fps", "10"}), {"--fps", "--film"});
  require_refused(place.run({"faces", "--noise", "1"}), {"--noise", "--film"});
  require_refused(place.run({"faces", "--film", "2", "--masks", "1"}), {"--masks", "--film"});
  REQUIRE(place.run({"faces", "--film", "3", "--size", "64", "--out", "f"}).code == 0);
  require_refused(place.run({"faces", "--film", "2", "--size", "64", "--out", "f"}),
                  {"--out: the folder has a longer film", "f/frame_000002.png"});
  CHECK(place.run({"faces", "--film", "4", "--size", "64", "--out", "f"}).code == 0);
  const Words few{"--count", "1", "--size", "64", "--out"};
  const auto drawn = [&](const std::string& folder, const Words& more) {
    Words all{"faces"};
    all.insert(all.end(), few.begin(), few.end());
    all.push_back(folder);
    all.insert(all.end(), more.begin(), more.end());
    REQUIRE(place.run(all).code == 0);
    return place.read(folder + "/face_00000.png");
  };
  CHECK(drawn("a", {}) == drawn("b", {"--masks", "0"}));
  CHECK(drawn("a", {}) != drawn("c", {"--masks", "1"}));
}

TEST_CASE("a predict that is interrupted keeps what it has done") {
  const Place place;
  REQUIRE(place.run({"faces", "--count", "200", "--size", "64"}).code == 0);
  const auto any_points = [&] { return std::filesystem::exists(place / "p") && !place.list("p").empty(); };
  const Outcome o = place.run_and_kill({"predict", "faces", "--threads", "1", "--json", "all.json", "--pts", "p"},
                                       any_points, SIGINT);
  CHECK(o.code == 130);
  CHECK(contains(o.err, " of 200 photos were looked at; their results are kept"));
  const std::size_t photos = Json::parse(place.read("all.json")).at("photos").size();
  CHECK(photos >= 1);
  CHECK(photos < 200);
}

TEST_CASE("inspect shows the detector, and its memory for a picture of a size") {
  const Place place;
  const auto arena = [&](const std::string& size) {
    return json_of(place.run({"inspect", "detector", "--json", "--input", size}))
        .at("arena_bytes")
        .at("infer_batch_1")
        .get<double>();
  };
  CHECK(contains(place.run({"inspect", "detector"}).out, "cells8"));
  CHECK(arena("640x640") == Approx(4 * arena("320x320")).epsilon(0.1));
  require_refused(place.run({"inspect", "detector", "--input", "100x100"}), {"--input", "multiples of 32", "100x100"});
  require_refused(place.run({"inspect", "detector", "--input", "32000x32000"}), {"--input", "64 megapixels"});
  require_refused(place.run({"inspect", "detector", "--input", "axb"}), {"--input", "not a size"});
  require_refused(place.run({"inspect", "detector", "--input", "256x256x2"}), {"--input", "not a size"});
  require_refused(place.run({"inspect", "tiny", "--input", "256x256"}), {"--input", "crops of one size"});
}

}  // namespace lineament::test
