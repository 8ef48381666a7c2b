// A Landmarker that is given no model: it finds points with the one that is part of the library.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/isa.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/default_models.hpp"

using namespace lineament;

namespace {

const DrawnFace& face() {
  static const DrawnFace drawn = draw_face(3, 4);
  return drawn;
}

/// Mean NME, %, over drawn faces; seeds of faces that `train --synthetic` draws are below this one.
double mean_nme(Landmarker& landmarker, std::uint64_t faces) {
  constexpr std::uint64_t kSeed = 0x7000'0000'0000'0001;
  double sum = 0;
  for (std::uint64_t i = 0; i < faces; ++i) {
    const DrawnFace drawn = draw_face(kSeed, i, {.max_yaw = 45});
    sum += nme(landmarker.predict(drawn.image, bounding_box(drawn.points)).points, drawn.points);
  }
  return sum / static_cast<double>(faces);
}

struct Owner {
  Landmarker landmarker;
};

}  // namespace

TEST_CASE("the library's models find the points of drawn faces") {
  Landmarker landmarker;
  CHECK(mean_nme(landmarker, 40) < 3);
  Landmarker tiny(load_default_model("tiny"));
  CHECK(mean_nme(tiny, 40) < 5);
  // Without a box the face is smaller in the crop at first: further passes see it as large as it was trained on.
  CHECK(nme(landmarker.predict(face().image).at(0).points, face().points) < 12);
  CHECK(landmarker.scheme().name == ibug_68().name);
  CHECK(landmarker.trained_on() == load_default_model().trained_on);
  CHECK(landmarker.predict(face().image).at(0).spread.size() == kPoints);
}

TEST_CASE("a Landmarker is made with nothing, with options, and as a member") {
  Landmarker plain, braces{};
  Landmarker once({.passes = 1}), options(LandmarkerOptions{.passes = 1}), two(LandmarkerOptions{});
  Owner owner{};
  const Landmarks points = plain.predict(face().image).at(0).points;
  CHECK(braces.predict(face().image).at(0).points == points);
  CHECK(two.predict(face().image).at(0).points == points);
  CHECK(owner.landmarker.predict(face().image).at(0).points == points);
  CHECK(once.predict(face().image).at(0).points == options.predict(face().image).at(0).points);
  CHECK_FALSE(once.predict(face().image).at(0).points == points);
  CHECK_THROWS_AS(Landmarker({.passes = 0}), ArgumentError);
  Landmarker lower({.precision = Precision::int8});
  CHECK(nme(lower.predict(face().image).at(0).points, points) < 3);
}

TEST_CASE("int8 costs the library's models at most 0.05 % of NME, on every instruction set") {
  const std::string before = current_isa();
  for (const std::string& isa : available_isas()) {
    force_isa(isa);
    for (const char* name : {"compact", "tiny"}) {
      INFO(isa << ", " << name);
      Landmarker exact(load_default_model(name)), lower(load_default_model(name), {.precision = Precision::int8});
      const double wanted = mean_nme(exact, 40), got = mean_nme(lower, 40);
      CHECK(got < wanted + 0.05);
      CHECK(got != wanted);
    }
  }
  force_isa(before);
}

TEST_CASE("points that are hidden have a larger spread, those beside them hardly") {
  Landmarker landmarker;
  float mouth = 0, eyes = 0;  // how much wider, as a sum of logarithms
  constexpr std::uint64_t kFaces = 20;
  for (std::uint64_t i = 0; i < kFaces; ++i) {
    const DrawnFace drawn = draw_face(0x7000'0000'0000'0002, i, {.max_yaw = 20, .accessories = 0});
    Image hidden = drawn.image;
    const Box seen = bounding_box(Landmarks(drawn.points.begin() + 48, drawn.points.end()));
    const int left = static_cast<int>(seen.x) - 6, top = static_cast<int>(seen.y) - 6;
    for (int y = std::max(0, top); y < std::min(hidden.height(), top + static_cast<int>(seen.height) + 12); ++y)
      for (int x = std::max(0, left); x < std::min(hidden.width(), left + static_cast<int>(seen.width) + 12); ++x)
        std::fill_n(hidden.pixels().data() + 3 * (y * hidden.width() + x), 3, std::uint8_t{90});
    const auto spread = [&](const Image& image, std::size_t first, std::size_t count) {
      const FaceLandmarks face = landmarker.predict(image, bounding_box(drawn.points));
      float sum = 0;
      for (std::size_t k = first; k < first + count; ++k) sum += std::log(face.spread[k]);
      return sum / static_cast<float>(count);
    };
    mouth += (spread(hidden, 48, 20) - spread(drawn.image, 48, 20)) / kFaces;
    eyes += (spread(hidden, 36, 12) - spread(drawn.image, 36, 12)) / kFaces;
  }
  CHECK(mouth > std::log(2.0f));
  CHECK(mouth > eyes + std::log(1.15f));
}

TEST_CASE("a box without a face has a low score, a face a high one") {
  Landmarker landmarker({.passes = 1});
  int faces = 0, scenes = 0, beside = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const DrawnFace drawn = draw_face(0x7000'0000'0000'0003, i, {.max_yaw = 45});
    const Box box = bounding_box(drawn.points);
    faces += landmarker.predict(drawn.image, box).score.value() > 0.5f;
    beside +=
        landmarker.predict(drawn.image, {box.x + 0.75f * box.width, box.y, box.width, box.height}).score.value() > 0.5f;
    scenes += landmarker.predict(draw_scene(0x7000'0000'0000'0003, i), box).score.value() > 0.5f;
  }
  CHECK(faces >= 39);
  CHECK(scenes <= 2);
  CHECK(beside <= 4);
}

TEST_CASE("Landmarkers on threads of their own use the library's model at a time") {
  const Landmarks wanted = Landmarker().predict(face().image).at(0).points;
  std::array<bool, 4> same{};
  std::vector<std::thread> threads;
  for (bool& s : same) threads.emplace_back([&] { s = Landmarker().predict(face().image).at(0).points == wanted; });
  for (std::thread& thread : threads) thread.join();
  for (const bool s : same) CHECK(s);
}
