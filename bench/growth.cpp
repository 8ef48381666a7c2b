// Question: how do time and memory grow with the image's side, the batch, threads, faces in a photo, and a network's
// width? One thing grows at a time; the exponent is the slope of log(time) over log(size), by least squares: 1 is
// linear. --svg draws it.
//
// growth [--seconds 0.3] [--svg FILE]
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "lineament/faces/synthetic.hpp"
#include "lineament/file.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/nn/session.hpp"
#include "lineament/zoo/detector_network.hpp"
#include "lineament/zoo/networks.hpp"
#include "timed_passes.hpp"

using namespace lineament;

namespace {

struct Measured {
  double size = 0;     ///< what grows
  double seconds = 0;  ///< the fastest run
  double mb = 0;       ///< planned memory and weights in the kernels' order, or what a landmarker holds; 0: not known
};

struct Growth {
  std::string what;
  double linear;  ///< the exponent of growth that is linear in the work: pixels grow with the square of a side
  std::vector<Measured> points{};
};

/// `prepare` comes before each run, outside the time.
double fastest(const std::function<void()>& prepare, const std::function<void()>& work, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  prepare();
  work();  // brings its memory in
  double best = 1e9;
  const auto begin = Clock::now();
  do {
    prepare();
    const auto start = Clock::now();
    work();
    best = std::min(best, since(start));
  } while (since(begin) < seconds);
  return best;
}

Measured inferred(const Spec& spec, const Shape& input, double size, const InferenceOptions& options, double seconds) {
  const Network network(spec, input, 1);
  InferenceSession session(network, options);
  const double time = fastest(
      Refill(session), [&] { session.forward(); }, seconds);
  if (!finite(network, session)) throw std::runtime_error("what a network computes is not finite");
  return {size, time, static_cast<double>(session.arena_bytes() + session.packed_bytes()) / 1e6};
}

/// Bytes in use on the heap; 0 where the C library does not tell.
double heap_bytes() {
#ifdef __GLIBC__
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
#else
  return 0;
#endif
}

/// A landmarker of its own, with what it answered: its sessions and weights.
Measured found(const Image& photo, int faces, double seconds) {
  const std::vector<Box> boxes(static_cast<std::size_t>(faces), Box{60, 60, 140, 140});
  const double before = heap_bytes();
  Landmarker landmarker;
  std::vector<FaceLandmarks> points;
  const double time = fastest([] {}, [&] { points = landmarker.predict(photo, boxes); }, seconds);
  return {static_cast<double>(faces), time, (heap_bytes() - before) / 1e6};
}

/// One convolution of 3x3 and two of 1x1, all as wide: what networks are made of.
Spec block_of(int width) {
  Spec spec;
  spec << Conv2d{.channels = width} << ReLU{} << Conv2d{.channels = width, .kernel = 1} << ReLU{}
       << Conv2d{.channels = width, .kernel = 1} << ReLU{};
  return spec;
}

std::vector<Growth> measure(double seconds) {
  std::vector<Growth> all{{"image side, detector", 2},
                          {"batch, compact", 1},
                          {"threads, compact, batch 32", -1},
                          {"faces in a photo, compact", 1},
                          {"channels, a block at 32 x 32", 2}};
  for (const int side : {64, 96, 128, 192, 256, 384, 512})
    all[0].points.push_back(inferred(detector_network(), Shape{side, side, 3}, side, {}, seconds));
  for (const int batch : {1, 2, 4, 8, 16, 32, 64, 128, 256})
    all[1].points.push_back(inferred(compact_network(), kReferenceInput, batch, {.batch = batch}, seconds));
  for (const int threads : {1, 2, 4, 8})
    all[2].points.push_back(
        inferred(compact_network(), kReferenceInput, threads, {.batch = 32, .threads = threads}, seconds));
  const Image photo = draw_face(1, 1, {.size = 256}).image;
  for (const int faces : {1, 2, 4, 8, 16, 32, 64}) all[3].points.push_back(found(photo, faces, seconds));
  for (const int width : {16, 32, 64, 128, 256})
    all[4].points.push_back(inferred(block_of(width), Shape{32, 32, width}, width, {}, seconds));
  return all;
}

/// Slope of log y over log x.
double exponent(const std::vector<Measured>& points, double Measured::*value) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const Measured& m : points) {
    const double x = std::log(m.size), y = std::log(m.*value);
    n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

void print(const Growth& g) {
  std::printf("| %s | ", g.what.c_str());
  for (const Measured& m : g.points)
    std::printf("%s%g: %.3g", &m == &g.points.front() ? "" : ", ", m.size, 1e3 * m.seconds);
  std::printf(" | %.2f | %g | ", exponent(g.points, &Measured::seconds), g.linear);
  if (g.points.front().mb > 0)
    std::printf("%.2f to %.1f | %.2f |\n", g.points.front().mb, g.points.back().mb, exponent(g.points, &Measured::mb));
  else
    std::printf(" | |\n");
}

/// A picture of time over size, both in units of the smallest size's and in powers of two: powers are straight lines.
/// Each line ends in its name and exponent; dashes are linear growth.
std::string drawn(const std::vector<Growth>& all) {
  constexpr double kLeft = 50, kTop = 20, kWidth = 430, kHeight = 478, kNames = 240;
  constexpr double kLeast = -1, kMost = 9;  // upwards: half to 512 times, of which threads take the half
  constexpr const char* kColors[] = {"#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df"};
  const auto x = [&](double v) { return kLeft + kWidth * v / kMost; };
  const auto y = [&](double v) { return kTop + kHeight * (1 - (v - kLeast) / (kMost - kLeast)); };
  std::string svg;
  const auto add = [&](const char* format, auto... values) {
    char text[400];
    std::snprintf(text, sizeof text, format, values...);
    svg += text;
  };
  add("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' font-family='sans-serif' font-size='12'>\n",
      kLeft + kWidth + kNames, kTop + kHeight + 50);
  svg += "<rect width='100%' height='100%' fill='white'/>\n";
  for (double v = kLeast; v <= kMost; ++v) {
    add("<path d='M%g %gH%g' stroke='#ddd'/><text x='%g' y='%g' text-anchor='end'>%g</text>\n", kLeft, y(v),
        kLeft + kWidth, kLeft - 6, y(v) + 4, std::exp2(v));
    if (v >= 0) add("<text x='%g' y='%g' text-anchor='middle'>%g</text>\n", x(v), kTop + kHeight + 18, std::exp2(v));
  }
  add("<path d='M%g %gL%g %g' stroke='#999' stroke-dasharray='4'/>\n", x(0), y(0), x(kMost), y(kMost));
  add("<text x='%g' y='%g' text-anchor='middle'>times as large as the smallest (time upwards, likewise)</text>\n",
      kLeft + kWidth / 2, kTop + kHeight + 40);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Growth& g = all[i];
    const char* color = kColors[i % std::size(kColors)];
    std::string path;
    for (const Measured& m : g.points) {
      char at[64];
      std::snprintf(at, sizeof at, "%s%.1f %.1f", path.empty() ? "M" : "L", x(std::log2(m.size / g.points[0].size)),
                    y(std::log2(m.seconds / g.points[0].seconds)));
      path += at;
    }
    add("<path d='%s' fill='none' stroke='%s' stroke-width='2'/>\n", path.c_str(), color);
    add("<text x='%g' y='%g' fill='%s'>%s: %.2f</text>\n", kLeft + kWidth + 12,
        kTop + 14 + 22.0 * static_cast<double>(i), color, g.what.c_str(), exponent(g.points, &Measured::seconds));
  }
  return svg + "</svg>\n";
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("how time and memory grow");
  double seconds = 0.3;
  std::filesystem::path svg;
  app.add_option("--seconds", seconds, "for each size")->capture_default_str()->check(CLI::Range(0.01, 60.0));
  app.add_option("--svg", svg, "a picture of it");
  CLI11_PARSE(app, argc, argv);
  const std::vector<Growth> all = measure(seconds);
  std::printf("| what grows | ms | exponent | linear is | memory, MB | exponent |\n|---|---|---|---|---|---|\n");
  for (const Growth& g : all) print(g);
  if (!svg.empty()) write_file(svg, std::string_view(drawn(all)));
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "growth: %s\n", e.what());
  return 1;
}
