// evaluate --predictions: points of any program, in files, by the ruler that models are measured with.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "lineament/faces/imglab.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/pts.hpp"
#include "lineament/image/file.hpp"
#include "program.hpp"

namespace lineament::test {

using Json = nlohmann::json;

TEST_CASE("evaluate --predictions measures the points of any program with the same ruler") {
  const Place place;
  make_model(place);
  make_faces(place, "faces", 3);
  const auto measured = [&](const Words& words) {
    Words all{"evaluate", "--data", "faces", "--json"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome o = place.run(all);
    INFO(o.err);
    CHECK(o.code == 0);
    return std::pair(Json::parse(o.out), o.err);
  };
  // The true points themselves, one of them missing and one moved by what is 10 % of the eyes' distance.
  for (const char* name : {"faces/face_00000.pts", "faces/face_00001.pts"})
    place.write(std::string("points/") + name, place.read(name));
  const auto [right, warning] = measured({"--predictions", "points"});
  CHECK(right["faces"] == 2);
  CHECK(right["faces_without_prediction"] == 1);
  CHECK(right["nme"]["inter_ocular"].get<double>() == Approx(0).margin(1e-6));
  CHECK(warning.find("1 of 3 faces have no prediction") != std::string::npos);
  CHECK(warning.find("face_00002.pts") != std::string::npos);
  Landmarks moved = read_pts(place / "faces/face_00001.pts");
  const float ocular = inter_ocular(moved);
  moved[30].x += 0.1f * ocular;
  place.write("points/faces/face_00001.pts", format_pts(moved));
  const Json off = measured({"--predictions", "points"}).first;
  CHECK(off["nme_by_point"][30].get<double>() == Approx(5).epsilon(1e-3));  // one of two faces
  CHECK(off["nme"]["inter_ocular"].get<double>() == Approx(5.0 / 68).epsilon(1e-3));

  // One damaged file is not worth the others.
  place.write("points/faces/face_00002.pts", "version: 1\nn_points: 68\n{\n1 2\n");
  const auto [some, complaint] = measured({"--predictions", "points"});
  CHECK(some["faces"] == 2);
  CHECK(some["faces_without_prediction"] == 1);
  CHECK(complaint.find("1 prediction cannot be read") != std::string::npos);
  CHECK(complaint.find("face_00002.pts: ") != std::string::npos);

  // A model's points through files are what the model is measured by, one pass each.
  CHECK(place.run({"predict", "model.safetensors", "faces", "--whole", "--passes", "1", "--pts", "own"}).code == 0);
  const Json files = measured({"--predictions", "own"}).first,
             model = measured({"model.safetensors", "--box", "image"}).first;
  CHECK(files["nme"]["inter_ocular"].get<double>() == Approx(model["nme"]["inter_ocular"].get<double>()).epsilon(0.02));

  const Json still = measured({"model.safetensors"}).first, shaken = measured({"model.safetensors", "--jitter"}).first,
             mirrored = measured({"model.safetensors", "--mirror"}).first;
  CHECK(shaken["nme"]["inter_ocular"] != still["nme"]["inter_ocular"]);
  CHECK(shaken["jitter"] == true);
  CHECK(mirrored["nme"]["inter_ocular"] != still["nme"]["inter_ocular"]);
  CHECK(place.run({"evaluate", "model.safetensors", "--data", "faces", "--report", "page.html"}).code == 0);
  const std::string page = place.read("page.html");
  for (const char* part : {"Evaluation of model.safetensors", "Cumulative error distribution", "Error by point",
                           "Error by pose", "Error by size"})
    CHECK(page.find(part) != std::string::npos);
  CHECK(page.find("where it errs") == std::string::npos);  // this model does not say how sure it is
  require_refused(place.run({"evaluate", "--predictions", "own", "--data", "faces", "--mirror"}),
                  {"there is no model"});
  require_refused(place.run({"evaluate", "model.safetensors", "--predictions", "own", "--data", "faces"}), {"both"});
}

TEST_CASE("evaluate --predictions measures the faces that a model is measured on, and no others") {
  const Place place;
  make_faces(place, "faces", 3);
  for (const char* name : {"faces/face_00000.pts", "faces/face_00001.pts", "faces/face_00002.pts"})
    place.write(std::string("points/") + name, place.read(name));
  Landmarks bad = read_pts(place / "faces/face_00001.pts");
  bad[36] = bad[45];
  place.write("faces/face_00001.pts", format_pts(bad));
  const Outcome o = place.run({"evaluate", "--data", "faces", "--predictions", "points", "--json"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(Json::parse(o.out)["faces"] == 2);
  CHECK(o.err.find("1 face cannot be used") != std::string::npos);
  CHECK(o.err.find("eye corners") != std::string::npos);
}

TEST_CASE("evaluate --predictions takes faces of one photo by their places, and points that no photo has for damaged") {
  const Place place;
  make_faces(place, "faces", 1);
  const Landmarks first = read_pts(place / "faces/face_00000.pts");
  Landmarks second = first;
  for (Point& p : second) p.x += 300;
  Landmarks far_off = first;
  for (Point& p : far_off) p.x += 5;
  std::filesystem::create_directory(place / "two");
  write_png(place / "two/pair.png", Image(500, 200, {90, 90, 90}));
  place.write("two/pair_1.pts", format_pts(first));
  place.write("two/pair_2.pts", format_pts(second));
  const auto measured = [&] {
    const Outcome o = place.run({"evaluate", "--data", "two", "--predictions", "points", "--json"});
    INFO(o.err);
    CHECK(o.code == 0);
    return std::pair(Json::parse(o.out), o.err);
  };
  place.write("points/pair_1.pts", format_pts(second));  // as a detector may find them
  place.write("points/pair_2.pts", format_pts(first));
  CHECK(measured().first["faces"] == 2);
  CHECK(measured().first["nme"]["inter_ocular"].get<double>() == Approx(0).margin(1e-6));

  // One face is found: the other has no prediction, whichever it is.
  std::filesystem::remove(place / "points/pair_1.pts");
  std::filesystem::rename(place / "points/pair_2.pts", place / "points/pair.pts");
  for (const Landmarks& found : {first, second}) {
    place.write("points/pair.pts", format_pts(found));
    const auto [json, said] = measured();
    CHECK(json["faces"] == 1);
    CHECK(json["faces_without_prediction"] == 1);
    CHECK(json["nme"]["inter_ocular"].get<double>() == Approx(0).margin(1e-6));
    CHECK(said.find("1 of 2 faces have no prediction") != std::string::npos);
  }

  // Of two files the first is missing. Where a photo is called pair_1, predict writes other names.
  std::filesystem::rename(place / "points/pair.pts", place / "points/pair_2.pts");
  CHECK(measured().first["faces"] == 1);
  const Path image = place / "two/pair.png";
  write_imglab(place / "two/list.xml",
               std::vector<Face>{{image, first, std::nullopt, ""}, {image, second, std::nullopt, ""}});
  place.write("two/pair_1.png", place.read("faces/face_00000.png"));
  place.write("others/pair_1.pts", format_pts(far_off));
  place.write("others/pair__1.pts", format_pts(second));
  place.write("others/pair__2.pts", format_pts(first));
  const Outcome o = place.run({"evaluate", "--data", "two/list.xml", "--predictions", "others", "--json"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(Json::parse(o.out)["faces"] == 2);
  CHECK(Json::parse(o.out)["nme"]["inter_ocular"].get<double>() < 2);  // the list has whole pixels
  std::filesystem::remove(place / "two/pair_1.png");
  std::filesystem::remove(place / "two/list.xml");

  Landmarks far = first;
  far[5].x = 1e30f;
  place.write("points/pair_1.pts", format_pts(far));
  CHECK(measured().second.find("a point is so far off that no photo has it") != std::string::npos);
  place.write("empty/readme.txt", "");
  require_refused(place.run({"evaluate", "--data", "two", "--predictions", "points", "--negatives", "empty"}),
                  {"--negatives"});
}

}  // namespace lineament::test
