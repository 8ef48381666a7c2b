// Drawn pictures of people: the same bits for the same numbers, faces where they are said to be, shares as asked for.
#include "lineament/detector/scenes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "catch.hpp"
#include "lineament/error.hpp"

using namespace lineament;

namespace {

constexpr std::size_t kPeople = 12;

SceneOptions small() {
  return {.size = 128};
}
const DrawnScenes& usual() {
  static const DrawnScenes scenes = DrawnScenes::draw(3, kPeople, {}, small(), 2);
  return scenes;
}
bool same(const Scene& a, const Scene& b) {
  const auto same_face = [](const SceneFace& f, const SceneFace& g) {
    return f.box == g.box && f.eyes == g.eyes && f.visible == g.visible;
  };
  return std::equal(a.image.pixels().begin(), a.image.pixels().end(), b.image.pixels().begin(),
                    b.image.pixels().end()) &&
         std::equal(a.faces.begin(), a.faces.end(), b.faces.begin(), b.faces.end(), same_face);
}
bool holds(const Box& box, Point p) {
  return p.x >= box.x && p.y >= box.y && p.x <= box.x + box.width && p.y <= box.y + box.height;
}
/// Share of the box's area that lies inside the picture.
float inside(const Box& box, int size) {
  const float end = static_cast<float>(size) - 0.5f;
  const float w = std::min(box.x + box.width, end) - std::max(box.x, -0.5f);
  const float h = std::min(box.y + box.height, end) - std::max(box.y, -0.5f);
  return std::max(0.0f, w) * std::max(0.0f, h) / (box.width * box.height);
}

}  // namespace

TEST_CASE("scenes: the same numbers give the same bits, on any thread and however many draw") {
  const DrawnScenes alone = DrawnScenes::draw(3, kPeople, {}, small(), 1);
  CHECK(alone.people() == kPeople);
  CHECK(alone.bytes() < 1024 * (500 * kPeople + 250 * 8));
  std::vector<Scene> here, there(10);
  for (std::uint64_t i = 0; i < 10; ++i) here.push_back(usual().compose(Random(7, i)));
  std::thread([&] {
    for (std::uint64_t i = 10; i-- > 0;) there[i] = alone.compose(Random(7, i));
  }).join();
  for (std::size_t i = 0; i < 10; ++i) CHECK(same(here[i], there[i]));
  CHECK_FALSE(same(here[0], here[1]));
  CHECK_FALSE(same(here[0], DrawnScenes::draw(4, kPeople, {}, small(), 2).compose(Random(7, 0))));
}

TEST_CASE("scenes: faces have the sizes and the number asked for, and most are seen whole") {
  SceneOptions options = small();
  options.most_faces = 9;
  options.smallest = 20;
  options.max_roll = 0;
  const DrawnScenes scenes = DrawnScenes::draw(5, kPeople, {}, options, 2);
  int faces = 0, whole = 0, hidden = 0, crowds = 0, small_ones = 0, large = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Scene scene = scenes.compose(Random(1, i));
    REQUIRE(scene.image.width() == 128);
    REQUIRE(scene.image.height() == 128);
    CHECK(scene.faces.size() <= 9);
    crowds += scene.faces.size() > 3;
    for (const SceneFace& face : scene.faces) {
      const float side = std::max(face.box.width, face.box.height);
      CHECK(side > 19.9f);
      CHECK(side < 128.1f);
      CHECK(std::min(face.box.width, face.box.height) > 0.4f * side);
      CHECK(holds(face.box, face.eyes[0]));
      CHECK(holds(face.box, face.eyes[1]));
      CHECK(face.eyes[0].x < face.eyes[1].x);
      CHECK(holds({-0.5f, -0.5f, 128, 128}, face.box.center()));
      CHECK(face.visible >= 0);
      CHECK(face.visible <= inside(face.box, 128) + 0.1f);
      ++faces, whole += face.visible == 1, hidden += face.visible < 0.4f;
      small_ones += side<40, large += side> 80;
    }
  }
  CHECK(faces > 250);
  CHECK(whole > 0.6 * faces);
  CHECK(hidden < 0.1 * faces);
  CHECK(crowds > 20);
  CHECK(crowds < 80);
  CHECK(small_ones > 50);
  CHECK(large > 20);
}

TEST_CASE("scenes: people turned over are told by their eyes") {
  SceneOptions options = small();
  options.max_roll = 180;
  options.without = 0;
  const DrawnScenes scenes = DrawnScenes::draw(6, kPeople, {}, options, 2);
  int over = 0, upright = 0;
  for (std::uint64_t i = 0; i < 100; ++i)
    for (const SceneFace& face : scenes.compose(Random(2, i)).faces)
      ++(face.eyes[0].x < face.eyes[1].x ? upright : over);
  CHECK(over > 5);
  CHECK(over < 0.3 * upright);
}

TEST_CASE("scenes: as many pictures without a face as asked for") {
  for (const float share : {0.0f, 0.5f, 1.0f}) {
    SceneOptions options = small();
    options.size = 64;
    options.without = share;
    const DrawnScenes scenes = DrawnScenes::draw(3, 4, {}, options, 2);
    int none = 0;
    for (std::uint64_t i = 0; i < 100; ++i) none += scenes.compose(Random(1, i)).faces.empty();
    CHECK(none == Approx(100 * share).margin(share == 0.5f ? 15 : 0));
  }
}

TEST_CASE("scenes: what differs from the same picture without people is people") {
  SceneOptions with = small(), without = small();
  with.without = 0;
  without.without = 1;
  const auto photos = std::make_shared<std::vector<Image>>(1, Image(200, 150, {30, 200, 40}));
  const DrawnScenes full = DrawnScenes::draw(3, 4, photos, with, 2),
                    empty = DrawnScenes::draw(3, 4, photos, without, 2);
  int faces = 0, untouched = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const Scene scene = full.compose(Random(11, i)), behind = empty.compose(Random(11, i));
    CHECK(behind.faces.empty());
    const auto differs = [&](int x, int y) { return scene.image.at(x, y) != behind.image.at(x, y); };
    for (int y = 0; y < 128; y += 4)
      for (int x = 0; x < 128; x += 4) untouched += !differs(x, y);
    for (const SceneFace& face : scene.faces) {
      if (face.visible < 1) continue;
      ++faces;
      int all = 0, other = 0;
      for (int y = static_cast<int>(face.box.y) + 1; y < static_cast<int>(face.box.y + face.box.height); ++y)
        for (int x = static_cast<int>(face.box.x) + 1; x < static_cast<int>(face.box.x + face.box.width); ++x)
          ++all, other += differs(x, y);
      CHECK(other > 0.7 * all);  // of a dark picture some pixels are black either way
    }
  }
  CHECK(faces > 60);
  CHECK(untouched > 10 * 32 * 32);
}

TEST_CASE("scenes: numbers out of range are refused by name") {
  CHECK_THROWS_AS(DrawnScenes::draw(1, 0, {}), ArgumentError);
  CHECK_THROWS_WITH(DrawnScenes::draw(1, 0, {}), Catch::Contains("people"));
  CHECK_THROWS_AS(DrawnScenes::draw(1, 2'000'000, {}), ArgumentError);
  const auto refused = [](SceneOptions options, const char* name) {
    CHECK_THROWS_AS(DrawnScenes::draw(1, 1, {}, options), ArgumentError);
    CHECK_THROWS_WITH(DrawnScenes::draw(1, 1, {}, options), Catch::Contains(name));
  };
  refused({.size = 32}, "size");
  refused({.size = 4096}, "size");
  refused({.most_faces = 0}, "most_faces");
  refused({.most_faces = 101}, "most_faces");
  refused({.smallest = 3}, "smallest");
  refused({.size = 100, .smallest = 101}, "smallest");
  refused({.max_roll = -1}, "max_roll");
  refused({.max_roll = 181}, "max_roll");
  refused({.without = 1.5f}, "without");
  refused({.without = std::numeric_limits<float>::quiet_NaN()}, "without");
}

TEST_CASE("scenes: progress is told after each picture, and may stop the drawing") {
  std::size_t calls = 0, most = 0;
  DrawnScenes::draw(1, 3, {}, small(), 2, [&](std::size_t done, std::size_t total) {
    CHECK(done == ++calls);
    CHECK(total == 3 + 8);
    most = std::max(most, done);
  });
  CHECK(most == 11);
  CHECK_THROWS_AS(
      DrawnScenes::draw(1, 3, {}, small(), 2, [](std::size_t, std::size_t) { throw std::runtime_error("enough"); }),
      std::runtime_error);
}

TEST_CASE("scenes: at the limits") {
  // One face as large as the picture, from one person.
  const DrawnScenes one = DrawnScenes::draw(2, 1, {}, {.size = 64, .most_faces = 1, .smallest = 64, .without = 0}, 1);
  const Scene scene = one.compose(Random(1));
  REQUIRE(scene.faces.size() == 1);
  CHECK(std::max(scene.faces[0].box.width, scene.faces[0].box.height) == Approx(64));
  // A crowd of the smallest, of more faces than people.
  const DrawnScenes many =
      DrawnScenes::draw(2, 2, {}, {.size = 256, .most_faces = 100, .smallest = 4, .without = 0}, 1);
  std::size_t most = 0;
  for (std::uint64_t i = 0; i < 12; ++i) most = std::max(most, many.compose(Random(1, i)).faces.size());
  CHECK(most > 20);
  CHECK(most <= 100);
}
