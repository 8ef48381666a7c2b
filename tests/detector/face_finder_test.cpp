// FaceFinder: pictures of any size, boxes in their pixels, and what it refuses.
#include "lineament/detector/face_finder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "lineament/detector/cells.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/error.hpp"
#include "lineament/model/model.hpp"
#include "lineament/zoo/detector_network.hpp"
#include "lineament/zoo/networks.hpp"

using namespace lineament;

namespace {

/// Says "a face of one stride to each side" of bright cells of 8 pixels.
Model bright_finder() {
  Spec net;
  NodeId at = Spec::kInput;
  constexpr std::array<std::string_view, 3> kGrey{"grey8", "grey16", "grey32"};
  for (std::size_t i = 0; i < kCellStrides.size(); ++i) {
    at = net.add(Conv2d{.channels = 1, .kernel = i == 0 ? 8 : 2, .stride = i == 0 ? 8 : 2}, at, kGrey[i]);
    net.mark_output(net.add(Conv2d{.channels = kCellValues, .kernel = 1}, at, kCellOutputs[i]));
  }
  Model model;
  model.network = Network::zeros(net, Shape{64, 64, 3});
  for (const ParamInfo& p : model.network.params()) {
    const std::span<float> values = model.network.values(p);
    if (p.name.starts_with("grey") && p.name.ends_with("weight"))
      for (float& w : values) w = 1.0f / static_cast<float>(values.size());
    if (p.name.starts_with("cells8") && p.name.ends_with("weight")) values[0] = 20;
    if (p.name.starts_with("cells8") && p.name.ends_with("bias")) values[0] = -10;
    if (p.name.starts_with("cells") && !p.name.starts_with("cells8") && p.name.ends_with("bias")) values[0] = -10;
  }
  return model;
}

Image square_in(int width, int height, int x, int y, int side) {
  Image image(width, height);
  for (int j = y; j < y + side; ++j)
    for (int i = x; i < x + side; ++i) image.set(i, j, {255, 255, 255});
  return image;
}

}  // namespace

TEST_CASE("a detector's weights and work are within what it promises, at any size") {
  const Network network(detector_network(), Shape{256, 256, 3});
  CHECK(network.weight_count() < 250'000);  // 0.25 M: what a detector may have
  CHECK(network.multiply_adds() < 60'000'000);
  REQUIRE(network.outputs().size() == 3);
  std::size_t values = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const int stride = kCellStrides[i];
    CHECK(network.outputs()[i].name == kCellOutputs[i]);
    CHECK(network.outputs()[i].shape == Shape{256 / stride, 256 / stride, kCellValues});
    values += network.outputs()[i].shape.size();
  }
  CHECK(values == cell_values(256, 256));
  CHECK(Network(detector_network(), Shape{96, 160, 3}).weight_count() == network.weight_count());
}

TEST_CASE("boxes are in pixels of the picture, whatever its size and the size that the network sees") {
  struct Place {
    int width, height, x, y, side;
    float smallest;
  };
  for (const Place& p :
       {Place{64, 64, 16, 24, 8, 20}, Place{200, 120, 64, 48, 16, 40}, Place{640, 400, 320, 160, 32, 80},
        Place{100, 300, 24, 240, 8, 20}, Place{50, 30, 16, 8, 4, 10}}) {
    INFO(p.width << " x " << p.height);
    FaceFinder finder(bright_finder(), {.smallest = p.smallest});
    const auto found = finder.find(square_in(p.width, p.height, p.x, p.y, p.side));
    REQUIRE(!found.empty());
    const Box& box = found.front().box;
    const float half = 0.5f * static_cast<float>(p.side) - 0.5f;
    CHECK(box.center().x == Approx(static_cast<float>(p.x) + half).margin(0.1));
    CHECK(box.center().y == Approx(static_cast<float>(p.y) + half).margin(0.1));
    CHECK(box.width == Approx(2 * p.side).margin(0.1));
    CHECK(finder.find(square_in(p.width, p.height, p.x, p.y, p.side)).size() == found.size());
  }
}

TEST_CASE("pictures of many sizes, tiny and long ones, and none at all") {
  FaceFinder finder(bright_finder());
  CHECK(finder.find(Image()).empty());
  for (const auto& [width, height] : {std::pair(1, 1), std::pair(3, 900), std::pair(2000, 2), std::pair(31, 33),
                                      std::pair(1000, 700), std::pair(64, 64), std::pair(65, 64)})
    for (const FoundFace& face : finder.find(Image(width, height, {255, 255, 255})))
      CHECK(std::isfinite(face.box.x + face.box.y + face.box.width + face.box.height));
  CHECK(finder.find(Image(300, 200)).empty());
}

TEST_CASE("a face finder refuses models that find no faces, and options out of range") {
  Model points;
  points.network = Network(reference_network(), Shape{96, 96, 3});
  CHECK_THROWS_AS(FaceFinder(points), ModelError);
  for (const FinderOptions& o : {FinderOptions{.smallest = -1}, FinderOptions{.score = 0}, FinderOptions{.score = 1},
                                 FinderOptions{.overlap = 2}, FinderOptions{.smallest = std::nanf("")},
                                 FinderOptions{.precision = Precision::int8}})
    CHECK_THROWS_AS(FaceFinder(bright_finder(), o), ArgumentError);
  CHECK_THROWS_AS(FaceFinder(std::shared_ptr<const Model>()), ArgumentError);
  // The network would have to see more than there is memory for.
  FaceFinder tiny(bright_finder(), {.smallest = 1e-3f});
  CHECK_THROWS_WITH(tiny.find(Image(300, 200)), Catch::Contains("smallest") && Catch::Contains("300 x 200"));
  CHECK_THROWS_AS(tiny.find(Image(9000, 1)), ArgumentError);
}

TEST_CASE("people in masks are found") {
  const DrawnScenes scenes = DrawnScenes::draw(
      0x7000, 24, nullptr, {.size = 320, .most_faces = 4, .smallest = 24, .without = 0, .masks = 1}, 1);
  FaceFinder finder;
  int asked = 0, found = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Scene scene = scenes.compose(Random(9, i));
    const std::vector<FoundFace> faces = finder.find(scene.image);
    for (const SceneFace& face : scene.faces) {
      if (face.visible < 0.7f) continue;
      ++asked;
      found +=
          std::any_of(faces.begin(), faces.end(), [&](const FoundFace& f) { return overlap(f.box, face.box) > 0.4f; });
    }
  }
  CHECK(asked > 60);
  INFO(found << " of " << asked);
  CHECK(20 * found >= 19 * asked);
}
