// Faces to the values of cells and back.
#include "lineament/detector/cells.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/zoo/detector_network.hpp"

using namespace lineament;

namespace {

constexpr int kWidth = 256, kHeight = 192;

TrueFace face(float x, float y, float side) {
  const Box box{x, y, side, 0.9f * side};
  return {box, {Point{x + 0.3f * side, y + 0.2f * side}, Point{x + 0.7f * side, y + 0.25f * side}}};
}

struct Cells {
  std::vector<float> values, weights;
  explicit Cells(const std::vector<TrueFace>& faces) : values(cell_values(kWidth, kHeight)), weights(values.size()) {
    faces_to_cells(faces, kWidth, kHeight, values, weights);
  }
  /// What a network would say that knows the truth.
  std::vector<FoundFace> found() const {
    std::vector<FoundFace> list;
    std::size_t at = 0;
    for (const int stride : kCellStrides) {
      const std::size_t count = static_cast<std::size_t>(kWidth / stride * (kHeight / stride)) * kCellValues;
      std::vector<float> output(values.begin() + static_cast<std::ptrdiff_t>(at),
                                values.begin() + static_cast<std::ptrdiff_t>(at + count));
      for (std::size_t i = 0; i < count; i += kCellValues) output[i] = output[i] > 0 ? 3.0f : -3.0f;
      cells_to_faces(output, stride, kWidth, kHeight, 0.5f, list);
      at += count;
    }
    return list;
  }
};

}  // namespace

TEST_CASE("faces of every size are asked for, and come back as they are") {
  for (const float side : {12.0f, 18.0f, 30.0f, 39.0f, 41.0f, 60.0f, 95.0f, 97.0f, 150.0f, 180.0f}) {
    for (const float shift : {0.0f, 3.3f, 7.9f}) {
      INFO(side << " at " << shift);
      const TrueFace truth = face(5 + shift, 4 + shift / 2, side);
      const std::vector<FoundFace> found = Cells({truth}).found();
      REQUIRE(!found.empty());
      for (const FoundFace& f : found) {
        CHECK(f.box.x == Approx(truth.box.x).margin(1e-2));
        CHECK(f.box.y == Approx(truth.box.y).margin(1e-2));
        CHECK(f.box.width == Approx(truth.box.width).margin(1e-2));
        CHECK(f.box.height == Approx(truth.box.height).margin(1e-2));
        for (std::size_t eye = 0; eye < 2; ++eye) CHECK(distance(f.eyes[eye], truth.eyes[eye]) < 1e-2f);
        CHECK(f.roll() == Approx(std::atan2(0.05, 0.4)).margin(1e-3));
        CHECK(f.score == Approx(1 / (1 + std::exp(-3.0f))));
      }
      CHECK(without_doubles(found).size() == 1);
    }
  }
}

TEST_CASE("one grid is asked for a face; near its limits the next may find it, too; elsewhere there is none") {
  const auto asked_and_free = [](float side) {
    const Cells cells({face(60, 40, side)});
    std::vector<std::pair<int, int>> by_grid;
    std::size_t at = 0;
    for (const int stride : kCellStrides) {
      int asked = 0, free = 0;
      for (int i = 0; i < kWidth / stride * (kHeight / stride); ++i, at += kCellValues) {
        asked += cells.values[at] > 0;
        free += cells.weights[at] == 0;
      }
      by_grid.emplace_back(asked, free);
    }
    return by_grid;
  };
  auto middle = asked_and_free(64);
  CHECK(middle[0] == std::pair(0, 0));
  CHECK(middle[1].first >= 1);
  CHECK(middle[1].second >= 1);  // inside the face, off its middle
  CHECK(middle[2] == std::pair(0, 0));
  auto limit = asked_and_free(90);
  CHECK(limit[1].first >= 1);
  CHECK(limit[2].first == 0);
  CHECK(limit[2].second >= 1);
}

TEST_CASE("a hidden face is neither asked for nor a mistake; of two near each other both are asked for") {
  TrueFace hidden = face(40, 40, 30);
  hidden.counts = false;
  const Cells cells({hidden});
  CHECK(cells.found().empty());
  CHECK(std::count(cells.weights.begin(), cells.weights.end(), 1.0f) <
        static_cast<std::ptrdiff_t>(cells.weights.size() / kCellValues));
  CHECK(without_doubles(Cells({face(40, 40, 30), face(72, 44, 30)}).found()).size() == 2);
}

TEST_CASE("pictures of other sizes, and spans of another length, are refused") {
  CHECK_THROWS_AS(cell_values(250, 192), ArgumentError);
  CHECK_THROWS_AS(cell_values(0, 192), ArgumentError);
  std::vector<float> few(10);
  CHECK_THROWS_AS(faces_to_cells({}, kWidth, kHeight, few, few), ArgumentError);
  std::vector<FoundFace> list;
  CHECK_THROWS_AS(cells_to_faces(few, 8, kWidth, kHeight, 0.5f, list), ArgumentError);
}

TEST_CASE("what an untrained network says gives boxes of finite size") {
  std::vector<float> wild(static_cast<std::size_t>(kWidth / 32 * (kHeight / 32)) * kCellValues, 1e30f);
  std::vector<FoundFace> list;
  cells_to_faces(wild, 32, kWidth, kHeight, 0.5f, list);
  for (const FoundFace& f : list) CHECK(std::isfinite(f.box.x + f.box.y + f.box.width + f.box.height));
}
