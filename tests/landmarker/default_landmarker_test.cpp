// A Landmarker that is given no model: it finds points with the one that is part of the library.
#include <array>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lineament/faces/metrics.hpp"
#include "lineament/faces/synthetic.hpp"
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
  CHECK(mean_nme(landmarker, 40) < 8);
  Landmarker tiny(load_default_model("tiny"));
  CHECK(mean_nme(tiny, 40) < 8);
  // Without a box the face is smaller in the crop at first: further passes see it as large as it was trained on.
  CHECK(nme(landmarker.predict(face().image).points, face().points) < 12);
  CHECK(landmarker.scheme().name == ibug_68().name);
  CHECK(landmarker.trained_on() == load_default_model().trained_on);
  CHECK(landmarker.predict(face().image).spread.size() == kPoints);
}

TEST_CASE("a Landmarker is made with nothing, with options, and as a member") {
  Landmarker plain, braces{};
  Landmarker once({.passes = 1}), options(LandmarkerOptions{.passes = 1}), two(LandmarkerOptions{});
  Owner owner{};
  const Landmarks points = plain.predict(face().image).points;
  CHECK(braces.predict(face().image).points == points);
  CHECK(two.predict(face().image).points == points);
  CHECK(owner.landmarker.predict(face().image).points == points);
  CHECK(once.predict(face().image).points == options.predict(face().image).points);
  CHECK_FALSE(once.predict(face().image).points == points);
  CHECK_THROWS_AS(Landmarker({.passes = 0}), ArgumentError);
  Landmarker lower({.precision = Precision::int8});
  CHECK(nme(lower.predict(face().image).points, points) < 3);
}

TEST_CASE("Landmarkers on threads of their own use the library's model at a time") {
  const Landmarks wanted = Landmarker().predict(face().image).points;
  std::array<bool, 4> same{};
  std::vector<std::thread> threads;
  for (bool& s : same) threads.emplace_back([&] { s = Landmarker().predict(face().image).points == wanted; });
  for (std::thread& thread : threads) thread.join();
  for (const bool s : same) CHECK(s);
}
