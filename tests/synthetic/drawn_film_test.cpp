// Drawn films: pure functions of their arguments, smooth movement, rest, and a camera's noise.
#include <algorithm>
#include <cmath>
#include <thread>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/drawn_film.hpp"

using namespace lineament;

namespace {

FilmOptions small_film(float noise = 3, float motion = 1) {
  FilmOptions o;
  o.size = 96;
  o.noise = noise;
  o.motion = motion;
  return o;
}
bool same_frame(const DrawnFilmFrame& a, const DrawnFilmFrame& b) {
  return a.points == b.points && a.activity == b.activity &&
         std::equal(a.image.pixels().begin(), a.image.pixels().end(), b.image.pixels().begin(), b.image.pixels().end());
}
/// Mean movement of the points, in units of the distance of the outer eye corners in `a`.
float moved(const Landmarks& a, const Landmarks& b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += distance(a[i], b[i]);
  return sum / static_cast<float>(a.size()) / distance(a[36], a[45]);
}
/// How far the left eye is open, in units of its width.
float lids(const Landmarks& p) {
  return 0.5f * (distance(p[37], p[41]) + distance(p[38], p[40])) / distance(p[36], p[39]);
}

}  // namespace

TEST_CASE("a frame of a film has the same bits on any thread and in any order") {
  const DrawnFilmFrame once = draw_film_frame(5, 40, small_film());
  DrawnFilmFrame again;
  std::thread other([&] {
    draw_film_frame(5, 41, small_film());
    again = draw_film_frame(5, 40, small_film());
  });
  other.join();
  CHECK(same_frame(once, again));
  CHECK_FALSE(same_frame(once, draw_film_frame(6, 40, small_film())));
  CHECK(once.image.width() == 96);
  CHECK(once.image.height() == 96);
  CHECK(once.points.size() == kPoints);
}

TEST_CASE("without motion only the noise changes, and it is as strong as asked for") {
  const FilmOptions clean = small_film(0, 0), noisy = small_film(6, 0);
  const DrawnFilmFrame a = draw_film_frame(3, 10, clean), b = draw_film_frame(3, 77, clean);
  CHECK(same_frame(a, b));
  const DrawnFilmFrame c = draw_film_frame(3, 10, noisy), d = draw_film_frame(3, 11, noisy);
  CHECK(c.points == a.points);
  double sum = 0, squares = 0, with_next = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.image.pixels().size(); ++i) {
    const int truth = a.image.pixels()[i];
    if (truth < 30 || truth > 225) continue;  // the ends of the scale cut noise off
    const int e = c.image.pixels()[i] - truth, f = d.image.pixels()[i] - truth;
    sum += e;
    squares += e * e;
    with_next += e * f;
    ++count;
  }
  REQUIRE(count > 5000);
  const double n = static_cast<double>(count);
  CHECK(std::abs(sum / n) < 0.25);
  CHECK(std::sqrt(squares / n) == Approx(6).margin(0.3));
  CHECK(std::abs(with_next / squares) < 0.05);  // each frame's is its own
}

TEST_CASE("a head moves smoothly: rest, fast moves, blinks and speech all come") {
  float fastest = 0, fastest_rest = 0, most_open = 0, least_open = 1, widest = 0;
  int rest = 0, talk = 0;
  DrawnFilmFrame before, before_that;
  constexpr int kFrames = 150;  // one cycle of rest, talk and moves
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    DrawnFilmFrame now = draw_film_frame(2, i, small_film(0));
    const Box box = bounding_box(now.points);
    CHECK(box.x > 0);
    CHECK(box.y > 0);
    CHECK(box.x + box.width < 95);
    CHECK(box.y + box.height < 95);
    most_open = std::max(most_open, lids(now.points));
    least_open = std::min(least_open, lids(now.points));
    widest = std::max(widest, distance(now.points[62], now.points[66]) / distance(now.points[36], now.points[45]));
    if (i >= 2) {
      const float speed = moved(before.points, now.points);
      fastest = std::max(fastest, speed);
      if (now.activity == 0 && before.activity == 0) {
        fastest_rest = std::max(fastest_rest, speed);
        CHECK(speed > 0);  // it sways
        ++rest;
      }
      talk += now.activity == 1;
      // No jump: nothing speeds up from one frame to the next by more than the fastest moves need.
      Landmarks guess(now.points.size());
      for (std::size_t k = 0; k < guess.size(); ++k)
        guess[k] = before.points[k] + before.points[k] - before_that.points[k];
      CHECK(moved(guess, now.points) < 0.12f);
    }
    before_that = before;
    before = std::move(now);
  }
  CHECK(rest > 20);
  CHECK(talk > 20);
  CHECK(fastest > 0.06f);
  CHECK(fastest_rest < 0.01f);
  CHECK(least_open < 0.3f * most_open);
  CHECK(widest > 0.12f);
}

TEST_CASE("another rate shows the same movement at other times") {
  FilmOptions slow = small_film(0), fast = small_film(0);
  slow.fps = 10;
  fast.fps = 40;
  CHECK(same_frame(draw_film_frame(8, 23, slow), draw_film_frame(8, 92, fast)));
}

TEST_CASE("a film's options are checked by name") {
  const auto refuses = [](auto change, const char* name) {
    FilmOptions o;
    change(o);
    CHECK_THROWS_AS(draw_film_frame(1, 0, o), ArgumentError);
    CHECK_THROWS_WITH(draw_film_frame(1, 0, o), Catch::Contains(name));
  };
  refuses([](FilmOptions& o) { o.size = 8; }, "FilmOptions::size");
  refuses([](FilmOptions& o) { o.fps = 0; }, "FilmOptions::fps");
  refuses([](FilmOptions& o) { o.face = 0.9f; }, "FilmOptions::face");
  refuses([](FilmOptions& o) { o.noise = -1; }, "FilmOptions::noise");
  refuses([](FilmOptions& o) { o.motion = std::nanf(""); }, "FilmOptions::motion");
  refuses([](FilmOptions& o) { o.variety = 2; }, "FilmOptions::variety");
  refuses([](FilmOptions& o) { o.accessories = -1; }, "FilmOptions::accessories");
}
