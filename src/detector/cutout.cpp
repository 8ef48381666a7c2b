// See cutout.hpp.
#include "cutout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "body.hpp"
#include "lineament/image/warp.hpp"

namespace lineament::detector {
namespace {

/// Clear pixels. why: the smallest faces are some tenth as large as they were drawn, and interpolation between pixels
/// of that size is to end in clear ones.
constexpr int kEdge = 8;

std::size_t at(int x, int y, int width) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
}

bool covered_column(const DrawnCutout& c, int x) {
  for (int y = 0; y < c.image.height(); ++y)
    if (c.cover[at(x, y, c.image.width())] > 0) return true;
  return false;
}
bool covered_row(const DrawnCutout& c, int y) {
  const auto row = c.cover.begin() + static_cast<std::ptrdiff_t>(at(0, y, c.image.width()));
  return std::any_of(row, row + c.image.width(), [](int v) { return v > 0; });
}

struct Range {
  int first, last;
};

/// The columns to keep, with those of arms beyond the picture's sides.
Range columns(const DrawnCutout& c, int arm) {
  int first = 0, last = c.image.width() - 1;
  while (first < last && !covered_column(c, first)) ++first;
  while (last > first && !covered_column(c, last)) --last;
  return {first == 0 ? -arm : first, last == c.image.width() - 1 ? last + arm : last};
}

/// How much farther down an arm is what the picture's side shows, `out` pixels beyond it: round, then straight down.
int drop(int out, int arm) {
  const float r = static_cast<float>(arm), x = static_cast<float>(out);
  return static_cast<int>(r - std::sqrt(std::max(0.0f, r * r - x * x)));
}

/// Cover as a picture, which warp() takes.
Image grey_of(const DrawnCutout& person) {
  Image grey(person.image.width(), person.image.height());
  std::uint8_t* to = grey.pixels().data();
  for (const std::uint8_t c : person.cover) to = std::fill_n(to, 3, c);
  return grey;
}

}  // namespace

DrawnCutout made_ready(const DrawnCutout& cutout) {
  const int width = cutout.image.width(), height = cutout.image.height(), arm = width / 8;
  const Range across = columns(cutout, arm);
  int top = 0;
  while (top + 1 < height && !covered_row(cutout, top)) ++top;
  const int left = across.first - kEdge, above = top - kEdge;
  const int new_width = across.last - across.first + 1 + 2 * kEdge, new_height = height - above;
  DrawnCutout out{Image(new_width, new_height), std::vector<std::uint8_t>(at(0, new_height, new_width)), cutout.points};
  for (int y = top; y < height; ++y) {
    for (int x = across.first; x <= across.last; ++x) {
      const int inside = std::clamp(x, 0, width - 1), from_y = y - drop(std::abs(x - inside), arm);
      if (from_y < 0) continue;
      const int cover = cutout.cover[at(inside, from_y, width)];
      const Color c = cutout.image.at(inside, from_y);
      const auto times = [&](int value) { return static_cast<std::uint8_t>((value * cover + 127) / 255); };
      out.image.set(x - left, y - above, {times(c.r), times(c.g), times(c.b)});
      out.cover[at(x - left, y - above, new_width)] = static_cast<std::uint8_t>(cover);
    }
  }
  for (Point& p : out.points) p = p - Point{static_cast<float>(left), static_cast<float>(above)};
  return out;
}

DrawnCutout seen_from_afar(const DrawnCutout& person) {
  constexpr float k = kFar, middle = 0.5f * (k - 1);
  const Affine map{k, 0, middle, 0, k, middle}, back = map.inverse();
  const int width = (person.image.width() + kFar - 1) / kFar, height = (person.image.height() + kFar - 1) / kFar;
  const Image grey = warp(grey_of(person), map, width, height);
  DrawnCutout out{warp(person.image, map, width, height), {}, person.points};
  for (std::size_t i = 0; i < grey.pixels().size(); i += 3) out.cover.push_back(grey.pixels()[i]);
  for (Point& p : out.points) p = back(p);
  return out;
}

namespace {

/// The part of the picture that the person may reach: x and y.
std::pair<Range, Range> reach(const DrawnCutout& person, const Body& body, const Affine& to_picture, int size) {
  const float w = static_cast<float>(person.image.width()), last = static_cast<float>(size - 1);
  Point low{last, last}, high{0, 0};
  for (const Point corner : {Point{-1, -1}, Point{w, -1}, Point{-1, body.end() + 1}, Point{w, body.end() + 1}}) {
    const Point p = to_picture(corner);
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const auto range = [&](float from, float to) {
    return Range{static_cast<int>(std::clamp(from, 0.0f, last + 1)), static_cast<int>(std::clamp(to + 1, -1.0f, last))};
  };
  return {range(low.x, high.x), range(low.y, high.y)};
}

using Values = std::array<float, 3>;

/// Colours times cover, and cover, of a person in a part of the picture.
struct Seen {
  std::vector<float> color, cover;  ///< three values a pixel

  Seen(const Person& person, Affine map, int width, int height) : color(at(0, height, width) * 3), cover(color.size()) {
    const DrawnCutout* from = person.near;
    if (std::hypot(map.a, map.d) >= kFar) {  // shrunk by as much
      from = person.far;
      map =
          Affine::scaling(1.0f / kFar, 1.0f / kFar) * Affine::translation(-0.5f * (kFar - 1), -0.5f * (kFar - 1)) * map;
    }
    warp(from->image, map, width, height, color);
    warp(grey_of(*from), map, width, height, cover);
  }
};

/// Lays `color`, which is multiplied by `cover`, over a pixel.
void lay(const Values& color, float cover, const Values& gain, float* pixel) {
  for (std::size_t c = 0; c < 3; ++c) pixel[c] = std::min(cover, gain[c] * color[c]) + (1 - cover) * pixel[c];
}

}  // namespace

void paste(const Person& person, const Place& place, std::uint8_t number, const Canvas& canvas) {
  const Affine& m = place.to_person;
  const Body body(*person.near, std::hypot(m.a, m.d));
  const auto [across, down] = reach(*person.near, body, m.inverse(), canvas.size);
  const int width = across.last - across.first + 1, height = down.last - down.first + 1;
  if (width <= 0 || height <= 0) return;
  const Affine map = m * Affine::translation(static_cast<float>(across.first), static_cast<float>(down.first));
  const Seen seen(person, map, width, height);
  const float end = static_cast<float>(person.near->image.width()) - 0.5f;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Point p = map({static_cast<float>(x), static_cast<float>(y)});
      if (p.x < -0.5f || p.x > end || p.y < -0.5f) continue;  // there warp() repeats the cutout's edge
      const std::size_t i = at(x, y, width) * 3, to = at(across.first + x, down.first + y, canvas.size);
      float cover = seen.cover[i];
      Values color{seen.color[i], seen.color[i + 1], seen.color[i + 2]};
      if (p.y > body.begin()) {  // here, too, as the body's clothes go on
        const BodyPaint paint = body.at(p);
        if (paint.legs) color = place.legs, cover = 1;
        for (float& c : color) c *= paint.cover * paint.shade;
        cover *= paint.cover;
      }
      if (cover <= 0) continue;
      lay(color, cover, place.gain, canvas.pixels.data() + 3 * to);
      if (cover >= 0.5f) canvas.person[to] = number;
    }
  }
}

}  // namespace lineament::detector
