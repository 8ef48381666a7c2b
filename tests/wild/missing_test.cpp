// Reported: "Points that my tool could not find are written as 0,0 (or -1,-1). They were taken for points."
#include "lineament/faces/plausible.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/nn/spec.hpp"
#include "wild/support.hpp"

namespace {

using namespace test;

const std::vector<std::size_t> kGone{3, 20, 60};

std::vector<Listed> without_points(std::vector<Listed> list, Point instead) {
  for (const std::size_t i : kGone) list[1].points[i] = instead;
  return list;
}

}  // namespace

TEST_CASE("missing points are named and the face left out, or they are masked") {
  const TempFolder folder;
  const std::vector<Listed> good = draw_into(folder.path(), 4);
  for (const Point instead : {Point{0, 0}, Point{-1, -1}, Point{40, 40}}) {
    const std::vector<Listed> list = without_points(good, instead);
    folder.write("l.csv", csv_of(list));
    folder.write("l.xml", imglab_of(list));
    for (const std::string name : {"l.csv", "l.xml"}) {
      INFO(name << " " << instead.x);
      const Dataset rejected = read_dataset(folder / name);
      CHECK(rejected.faces.size() == 3);
      CHECK(contains(reasons(rejected), "face_1.png: points are missing: 3, 20, 60; "));
      CHECK(contains(reasons(rejected), "--missing mask"));
      const Dataset masked = read_dataset(folder / name, {.missing = Missing::mask});
      REQUIRE(masked.faces.size() == 4);
      for (std::size_t k = 0; k < kPoints; ++k)
        CHECK(is_known(masked.faces[1].points[k]) == (std::find(kGone.begin(), kGone.end(), k) == kGone.end()));
    }
  }
  // Where files count edges of pixels, as CVAT's and Label Studio's do, readers take half a pixel off.
  for (const Point instead : {Point{-0.5f, -0.5f}, Point{-1.5f, -1.5f}}) {
    Landmarks points = good[0].points;
    points[3] = points[20] = instead;
    CHECK(missing_points(points) == std::vector<int>{3, 20});
  }
  // One alone, far from all others.
  for (const Point instead : {Point{0, 0}, Point{-1, -1}}) {
    std::vector<Listed> one = good;
    for (Listed& face : one) face.points[30] = instead;
    folder.write("one.csv", csv_of(one));
    CHECK(contains(message<FormatError>([&] { read_dataset(folder / "one.csv"); }), "points are missing: 30;"));
  }
  // .pts count from 1: "0 0" is there what (-1, -1) is here.
  const TempFolder beside;
  draw_into(beside.path(), 1);
  Landmarks points = good[0].points;
  for (const std::size_t i : kGone) points[i] = {-1, -1};
  beside.write("face_0.pts", format_pts(points));
  CHECK(contains(message<FormatError>([&] { read_dataset(beside.path()); }), "points are missing: 3, 20, 60"));
  // Empty fields.
  std::string csv = csv_of({good[0]});
  const auto comma = csv.find(',', csv.find(',') + 1);
  csv.erase(csv.find(',') + 1, comma - csv.find(',') - 1);
  folder.write("empty.csv", csv);
  CHECK(contains(message<FormatError>([&] { read_dataset(folder / "empty.csv"); }), "points are missing: 0"));
}

TEST_CASE("masked points have no weight in training, and no part in any measure") {
  const TempFolder folder;
  folder.write("l.csv", csv_of(without_points(draw_into(folder.path(), 4), {0, 0})));
  const Dataset data = read_dataset(folder / "l.csv", {.missing = Missing::mask});
  const FaceStore store = FaceStore::load(data.faces);
  REQUIRE(store.size() == 4);
  REQUIRE(store.weighted());
  std::vector<float> pixels(store.pixels_per_sample()), values(kValues), weights(kValues);
  for (const bool augmented : {false, true})
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      store.prepare(1, Random(seed), augmented, {pixels, values, weights});
      CHECK(std::count(weights.begin(), weights.end(), 0.0f) == 6);
      for (std::size_t i = 0; i < kValues; ++i) {
        REQUIRE(std::isfinite(values[i]));
        REQUIRE((weights[i] == 1 || (weights[i] == 0 && values[i] == 0)));
      }
    }
  store.prepare(1, Random(0), false, {pixels, values, weights});
  for (const std::size_t i : kGone) CHECK(weights[2 * i] == 0);
  std::vector<float> output = values;
  for (const std::size_t i : kGone) output[2 * i] = 9;
  CHECK(face_metric()(output, values, weights).front().value == 0);

  const Network network(Spec() << Flatten{} << Dense{.features = kValues}, {128, 128, 3}, 1);
  CHECK(evaluate_faces(network, store).faces == 4);
}

TEST_CASE("faces that all lack an eye are refused before training") {
  const Place place;
  place.write("small.json", lineament::test::kSmallNetwork);
  place.write("mine/l.csv", csv_of(changed(draw_into(place / "mine", 4), [](Landmarks p) {
                for (std::size_t i = 36; i < 42; ++i) p[i] = {0, 0};
                return p;
              })));
  const Outcome o = place.run({"train", "--network", "small.json", "--data", "mine/l.csv", "--batch", "2", "--missing",
                               "mask", "--out", "run"});
  CHECK(o.code == 2);
  CHECK(contains(o.err, "no face has both eye corners"));
}

TEST_CASE("train --missing mask goes on where no face of a step has eye corners") {
  const Place place;
  place.write("small.json", lineament::test::kSmallNetwork);
  std::vector<Listed> list = draw_into(place / "mine", 8);
  for (std::size_t i = 1; i < list.size(); ++i) list[i].points[36] = list[i].points[37] = {0, 0};
  place.write("mine/l.csv", csv_of(list));
  const Outcome o = place.run({"train", "--network", "small.json", "--data", "mine/l.csv", "--batch", "1", "--epochs",
                               "2", "--val-split", "0", "--missing", "mask", "--loss", "l2", "--out", "run"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK_FALSE(contains(o.err, "learns nothing"));
  const Outcome blind =
      place.run({"train", "--network", "small.json", "--data", "mine/l.csv", "--batch", "4", "--epochs", "1",
                 "--val-split", "0", "--missing", "mask", "--loss", "nme", "--out", "other"});
  CHECK(contains(blind.err, "of 7 of 8 faces an eye corner is not known, and the loss 'nme' learns nothing"));
}

TEST_CASE("train --missing mask uses the faces that are left out without it") {
  const Place place;
  place.write("small.json", lineament::test::kSmallNetwork);
  const std::vector<Listed> list = draw_into(place / "mine", 6);
  place.write("mine/l.csv", csv_of(without_points(list, {0, 0})));
  const auto train = [&](const std::string& missing) {
    fs::remove_all(place / "run");
    return place.run({"train", "--network", "small.json", "--data", "mine/l.csv", "--batch", "2", "--epochs", "2",
                      "--val-split", "0.3", "--missing", missing, "--loss", "nme", "--out", "run"});
  };
  CHECK(contains(train("reject").err, "left out: mine/face_1.png: points are missing: 3, 20, 60"));
  const Outcome masked = train("mask");
  INFO(masked.err);
  CHECK(masked.code == 0);
  CHECK_FALSE(contains(masked.err, "learns nothing"));
  CHECK_FALSE(contains(masked.err, "left out"));
}
