// Question: how steady are points in a film, and what does that cost? Drawn films, whose points are known, and the
// library's own model: jitter at rest, delay in movement and error, for ways to smooth.
//
//   film_smoothing             films that no setting was chosen on
//   film_smoothing --choose    the films that the defaults were chosen on, with each option halved and doubled
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "lineament/faces/box.hpp"
#include "lineament/faces/drawn_film.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/track/smoothing.hpp"

using namespace lineament;

namespace {

struct Found {
  Landmarks truth, points;
  std::vector<float> spread;
  float activity = 0;
};
using Film = std::vector<Found>;
/// Points of the next frame in, smooth ones out.
using Filter = std::function<Landmarks(const Found&, double seconds)>;

/// Follows the face from its true box in the first frame on, by the points of each frame before.
Film follow(std::uint64_t seed, int frames, const FilmOptions& options) {
  Landmarker landmarker(LandmarkerOptions{.passes = 1});
  Film film;
  for (int i = 0; i < frames; ++i) {
    const DrawnFilmFrame drawn = draw_film_frame(seed, static_cast<std::uint64_t>(i), options);
    const Box box = bounding_box(i == 0 ? drawn.points : film.back().points);
    FaceLandmarks found = landmarker.predict(drawn.image, box);
    film.push_back({drawn.points, std::move(found.points), std::move(found.spread), drawn.activity});
  }
  return film;
}

double eye_distance(const Landmarks& points) {
  return static_cast<double>(distance(points[36], points[45]));
}
double product(Point a, Point b) {
  return static_cast<double>(a.x) * static_cast<double>(b.x) + static_cast<double>(a.y) * static_cast<double>(b.y);
}

/// Sums over films. All in eye distances but for the delay.
struct Measures {
  double error = 0, trembling = 0, behind = 0, speed = 0;
  std::size_t frames = 0, rest_points = 0;

  void add(const Film& film, const std::vector<Landmarks>& smooth) {
    const double eyes = eye_distance(film.front().truth);
    constexpr std::size_t kSettled = 8;  // frames at rest before one counts: not the end of what came before
    std::size_t rest = 0;
    for (std::size_t i = 0; i < film.size(); ++i) {
      rest = film[i].activity == 0 ? rest + 1 : 0;
      for (std::size_t k = 0; k < kPoints; ++k) {
        const Point off = smooth[i][k] - film[i].truth[k];
        error += std::sqrt(product(off, off)) / eye_distance(film[i].truth) / kPoints;
        if (rest > kSettled) {
          const Point change = off - (smooth[i - 1][k] - film[i - 1].truth[k]);
          trembling += product(change, change) / (eyes * eyes);
          ++rest_points;
        }
      }
      ++frames;
      if (i > 0 && i + 1 < film.size()) add_delay(film, smooth, i, eyes);
    }
  }
  /// Fast frames: the face moves by more than a 25th of the eyes' distance. The error's part along the movement.
  void add_delay(const Film& film, const std::vector<Landmarks>& smooth, std::size_t i, double eyes) {
    double here = 0, along = 0;
    for (std::size_t k = 0; k < kPoints; ++k) {
      const Point v = (film[i + 1].truth[k] - film[i - 1].truth[k]) * 0.5f;
      here += product(v, v);
      along += product(film[i].truth[k] - smooth[i][k], v);
    }
    if (std::sqrt(here / kPoints) < eyes / 25) return;
    behind += along;
    speed += here;
  }
  double trembled() const { return 100 * std::sqrt(trembling / static_cast<double>(rest_points)); }
  double delay() const { return behind / speed; }
  double nme() const { return 100 * error / static_cast<double>(frames); }
};

Filter mean_of(std::size_t count) {
  return [count, last = std::deque<Landmarks>()](const Found& found, double) mutable {
    last.push_back(found.points);
    if (last.size() > count) last.pop_front();
    Landmarks mean(found.points.size());
    for (const Landmarks& points : last)
      for (std::size_t k = 0; k < mean.size(); ++k)
        mean[k] = mean[k] + points[k] * (1 / static_cast<float>(last.size()));
    return mean;
  };
}

/// As in the paper: each coordinate for itself, in pixels.
Filter one_euro(double rest_cutoff, double beta) {
  struct Value {
    double before = 0, smooth = 0, speed = 0;
  };
  return [=, values = std::vector<Value>(), last = 0.0](const Found& found, double seconds) mutable {
    Landmarks points = found.points;
    const double passed = seconds - last;
    last = seconds;
    const bool first = values.empty();
    values.resize(2 * points.size());
    for (std::size_t k = 0; k < values.size(); ++k) {
      float& now = k % 2 == 0 ? points[k / 2].x : points[k / 2].y;
      Value& v = values[k];
      const double x = static_cast<double>(now);
      const auto share = [&](double cutoff) { return 1 / (1 + 1 / (2 * std::numbers::pi * cutoff * passed)); };
      if (first) {
        v = {x, x, 0};
      } else {
        v.speed += share(1) * ((x - v.before) / passed - v.speed);
        v.smooth += share(rest_cutoff + beta * std::abs(v.speed)) * (x - v.smooth);
      }
      v.before = x;
      now = static_cast<float>(v.smooth);
    }
    return points;
  };
}

Filter ours(const SmoothingOptions& options) {
  return [smoother = FaceSmoother(options)](const Found& found, double seconds) mutable {
    Landmarks points = found.points;
    smoother.next(points, found.spread, seconds, points);
    return points;
  };
}

void row(const std::string& name, const std::vector<Film>& films, double fps, const std::function<Filter()>& make) {
  Measures all;
  for (const Film& film : films) {
    const Filter filter = make();
    std::vector<Landmarks> smooth;
    for (std::size_t i = 0; i < film.size(); ++i) smooth.push_back(filter(film[i], static_cast<double>(i) / fps));
    all.add(film, smooth);
  }
  std::printf("%-34s %9.3f %% %9.2f %9.2f %%\n", name.c_str(), all.trembled(), all.delay(), all.nme());
}

void compare(const std::vector<Film>& films, double fps) {
  row("nothing", films, fps, [] { return [](const Found& found, double) { return found.points; }; });
  for (const std::size_t n : {std::size_t{3}, std::size_t{5}})
    row("mean of " + std::to_string(n) + " frames", films, fps, [n] { return mean_of(n); });
  for (const auto& [cutoff, beta] : {std::pair(1.0, 0.007), std::pair(1.0, 0.1), std::pair(1.0, 0.5)}) {
    char name[64];
    std::snprintf(name, sizeof name, "One-Euro, %g Hz, beta %g", cutoff, beta);
    row(name, films, fps, [c = cutoff, b = beta] { return one_euro(c, b); });
  }
  row("FaceSmoother", films, fps, [] { return ours({}); });
}

void choose(const std::vector<Film>& films, double fps) {
  row("FaceSmoother", films, fps, [] { return ours({}); });
  constexpr std::pair<const char*, float SmoothingOptions::*> kOptions[] = {
      {"rest_cutoff", &SmoothingOptions::rest_cutoff},
      {"speed_gain", &SmoothingOptions::speed_gain},
      {"speed_cutoff", &SmoothingOptions::speed_cutoff},
      {"own_rest_cutoff", &SmoothingOptions::own_rest_cutoff},
      {"own_speed_gain", &SmoothingOptions::own_speed_gain},
      {"own_speed_cutoff", &SmoothingOptions::own_speed_cutoff},
      {"own_share", &SmoothingOptions::own_share}};
  for (const auto& [name, option] : kOptions) {
    for (const float factor : {0.5f, 2.0f}) {
      SmoothingOptions options;
      options.*option *= factor;
      char text[64];
      std::snprintf(text, sizeof text, "  %s %g", name, static_cast<double>(options.*option));
      row(text, films, fps, [options] { return ours(options); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trembling, delay and error of smoothed points on drawn films"};
  std::uint64_t count = 8;
  double seconds = 12;
  bool choosing = false;
  FilmOptions options;
  app.add_option("--films", count)->capture_default_str();
  app.add_option("--seconds", seconds, "Of each")->capture_default_str();
  app.add_option("--fps", options.fps)->capture_default_str();
  app.add_option("--noise", options.noise, "Of the camera, grey levels")->capture_default_str();
  app.add_option("--size", options.size, "Side of the picture, pixels")->capture_default_str();
  app.add_flag("--choose", choosing, "On the films that the defaults were chosen on");
  CLI11_PARSE(app, argc, argv);
  try {
    std::vector<Film> films;
    for (std::uint64_t i = 0; i < count; ++i)
      films.push_back(follow((choosing ? 1 : 101) + i, static_cast<int>(seconds * options.fps), options));
    std::printf("%-34s %11s %9s %11s\n", "smoothing", "jitter", "delay", "NME");
    std::printf("%-34s %11s %9s %11s\n", "", "at rest", "frames", "");
    choosing ? choose(films, options.fps) : compare(films, options.fps);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
