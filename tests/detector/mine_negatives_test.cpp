// Hard negatives: places of backgrounds that a detector takes for a face come into the pictures.
#include <algorithm>
#include <memory>
#include <vector>

#include "catch.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/draw.hpp"
#include "lineament/model/default_models.hpp"
#include "lineament/model/model.hpp"

using namespace lineament;

namespace {

/// Two plain photos and one that shows a face in a corner: what looks most like a face in them is known.
Backgrounds with_a_face() {
  auto photos = std::make_shared<std::vector<Image>>();
  for (int i = 0; i < 3; ++i) photos->emplace_back(400, 300, Color{90, 120, 90});
  DrawOptions o;
  o.size = 128;
  o.accessories = 0;
  paste((*photos)[1], draw_face(3, 1, o).image, 250, 150);
  return photos;
}
SceneOptions always_hard() {
  return {.size = 128, .without = 1, .hard = 1};
}
std::shared_ptr<const Model> detector() {
  return shared_default_model(kDefaultDetector);
}
bool same(const Scene& a, const Scene& b) {
  return std::equal(a.image.pixels().begin(), a.image.pixels().end(), b.image.pixels().begin());
}

}  // namespace

TEST_CASE("what is taken for a face is found and shown in the pictures, which still have none") {
  DrawnScenes scenes = DrawnScenes::draw(1, 2, with_a_face(), always_hard(), 1);
  const DrawnScenes before = DrawnScenes::draw(1, 2, with_a_face(), always_hard(), 1);
  REQUIRE(scenes.mine_negatives(detector(), 1, 1) == 1);
  FaceFinder finder({.smallest = 20, .score = 0.3f});
  int seen = 0, unmined = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Scene scene = scenes.compose(Random(5, i));
    CHECK(scene.faces.empty());
    seen += !finder.find(scene.image).empty();
    unmined += !finder.find(before.compose(Random(5, i)).image).empty();
  }
  CHECK(seen >= 15);  // the others are too small, or out of focus
  CHECK(unmined <= 10);
}

TEST_CASE("the same places with any number of threads, and no more than asked for") {
  DrawnScenes one = DrawnScenes::draw(2, 2, with_a_face(), always_hard(), 1),
              two = DrawnScenes::draw(2, 2, with_a_face(), always_hard(), 1);
  CHECK(one.mine_negatives(detector(), 100, 1) == two.mine_negatives(detector(), 100, 3));
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(same(one.compose(Random(1, i)), two.compose(Random(1, i))));
  CHECK(two.mine_negatives(detector(), 0) == 0);
  const DrawnScenes never = DrawnScenes::draw(2, 2, with_a_face(), always_hard(), 1);
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(same(two.compose(Random(1, i)), never.compose(Random(1, i))));
}

TEST_CASE("what is no detector mines nothing") {
  DrawnScenes scenes = DrawnScenes::draw(1, 1, {}, always_hard(), 1);
  CHECK_THROWS_AS(scenes.mine_negatives(nullptr), ArgumentError);
  CHECK_THROWS_AS(scenes.mine_negatives(shared_default_model("tiny")), ModelError);
  SceneOptions wrong = always_hard();
  wrong.hard = 1.5f;
  CHECK_THROWS_AS(DrawnScenes::draw(1, 1, {}, wrong), ArgumentError);
  wrong = always_hard();
  wrong.masks = -1;
  CHECK_THROWS_AS(DrawnScenes::draw(1, 1, {}, wrong), ArgumentError);
}
