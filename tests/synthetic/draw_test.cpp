// draw_face: the same bits for the same arguments, points inside the picture and on what they name, plausible
// statistics.
#include <cmath>
#include <thread>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/faces/synthetic.hpp"

using namespace lineament;

namespace {

std::uint64_t hash(const DrawnFace& face) {
  std::uint64_t h = 1469598103934665603ull;
  for (const std::uint8_t b : face.image.pixels()) h = (h ^ b) * 1099511628211ull;
  for (const Point& p : face.points) {
    h = (h ^ static_cast<std::uint64_t>(std::llround(p.x * 1000))) * 1099511628211ull;
    h = (h ^ static_cast<std::uint64_t>(std::llround(p.y * 1000))) * 1099511628211ull;
  }
  return h;
}

/// Mean brightness of the 3x3 pixels around a point.
float brightness(const Image& image, Point p) {
  float sum = 0;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const Color c = image.at(static_cast<int>(p.x + 0.5f) + dx, static_cast<int>(p.y + 0.5f) + dy);
      sum += static_cast<float>(c.r + c.g + c.b) / 27;
    }
  }
  return sum;
}

Point between(Point a, Point b, float t) {
  return a + (b - a) * t;
}
Point mean(const Landmarks& p, int first, int last) {
  Point sum;
  for (int i = first; i <= last; ++i) sum = sum + p[i];
  return sum * (1.0f / static_cast<float>(last - first + 1));
}

DrawOptions frontal() {
  DrawOptions o;
  o.max_yaw = o.max_pitch = o.max_roll = 0;
  o.expression = 0;
  o.accessories = 0;
  o.size = 320;
  return o;
}

}  // namespace

TEST_CASE("a drawn face is a pure function of its arguments") {
  const std::uint64_t first = hash(draw_face(7, 3));
  CHECK(hash(draw_face(7, 3)) == first);
  CHECK(hash(draw_face(7, 4)) != first);
  CHECK(hash(draw_face(8, 3)) != first);
  std::uint64_t elsewhere[2] = {};
  std::thread a([&] { elsewhere[0] = (draw_face(1, 1), hash(draw_face(7, 3))); });
  std::thread b([&] { elsewhere[1] = hash(draw_face(7, 3)); });
  a.join();
  b.join();
  CHECK(elsewhere[0] == first);
  CHECK(elsewhere[1] == first);
}

TEST_CASE("a scene without a face is a pure function of its arguments, and scenes differ") {
  const DrawOptions options{.size = 64};
  const Image one = draw_scene(4, 1, options);
  CHECK(one.width() == 64);
  CHECK(one.height() == 64);
  CHECK(draw_scene(4, 1, options).pixels().size() == 64u * 64 * 3);
  const auto same = [](const Image& a, const Image& b) {
    return std::equal(a.pixels().begin(), a.pixels().end(), b.pixels().begin(), b.pixels().end());
  };
  Image in_thread;
  std::thread([&] { in_thread = draw_scene(4, 1, options); }).join();
  CHECK(same(one, in_thread));
  CHECK_FALSE(same(one, draw_scene(4, 2, options)));
  CHECK_FALSE(same(one, draw_scene(5, 1, options)));
  CHECK_FALSE(same(one, draw_face(4, 1, options).image));
  CHECK_THROWS_AS(draw_scene(4, 1, {.size = 4}), ArgumentError);
}

TEST_CASE("the picture has the size asked for, and the same face at any size") {
  DrawOptions o;
  o.size = 96;
  const DrawnFace small = draw_face(7, 5, o);
  CHECK(small.image.width() == 96);
  CHECK(small.image.height() == 96);
  o.size = 288;
  const DrawnFace large = draw_face(7, 5, o);
  for (int i = 0; i < kPoints; ++i) {
    CHECK(large.points[i].x + 0.5f == Approx(3 * (small.points[i].x + 0.5f)).margin(0.2));
    CHECK(large.points[i].y + 0.5f == Approx(3 * (small.points[i].y + 0.5f)).margin(0.2));
  }
}

TEST_CASE("options out of range are named") {
  DrawOptions o;
  o.size = 8;
  CHECK_THROWS_AS(draw_face(1, 1, o), ArgumentError);
  o = {};
  o.max_yaw = 90;
  CHECK_THROWS_WITH(draw_face(1, 1, o), Catch::Contains("max_yaw"));
  o = {};
  o.largest_face = std::nanf("");
  CHECK_THROWS_WITH(draw_face(1, 1, o), Catch::Contains("largest_face"));
}

TEST_CASE("all points keep a margin from the picture's edge") {
  const DrawOptions o;
  for (std::uint64_t i = 0; i < 150; ++i) {
    const DrawnFace face = draw_face(11, i);
    const Box box = bounding_box(face.points);
    const float margin = 0.1f * static_cast<float>(o.size), end = static_cast<float>(o.size) - 1 - margin;
    INFO("index " << i);
    CHECK(box.x > margin);
    CHECK(box.y > margin);
    CHECK(box.x + box.width < end);
    CHECK(box.y + box.height < end);
    const float share = std::max(box.width, box.height) / static_cast<float>(o.size);
    CHECK(share >= o.smallest_face - 0.01f);
    CHECK(share <= o.largest_face + 0.01f);
  }
}

TEST_CASE("pixels under the points are what the points name") {
  int iris = 0, brow = 0, lips = 0;
  constexpr int kFaces = 24;
  for (std::uint64_t i = 0; i < kFaces; ++i) {
    const DrawnFace face = draw_face(5, i, frontal());
    const Landmarks& p = face.points;
    for (const int e : {36, 42}) {
      const Point middle = mean(p, e, e + 5);
      // The white shows between the iris and either corner.
      const float white = std::max(brightness(face.image, between(middle, p[e], 0.62f)),
                                   brightness(face.image, between(middle, p[e + 3], 0.62f)));
      iris += brightness(face.image, middle) < white;
    }
    const Point above = p[19] + Point{0, -0.13f * inter_ocular(p)}, below = p[19] + Point{0, 0.02f * inter_ocular(p)};
    brow += brightness(face.image, below) < brightness(face.image, above);
    const Color lip = face.image.at(static_cast<int>(p[57].x), static_cast<int>((p[57].y + p[66].y) / 2));
    const Color chin = face.image.at(static_cast<int>(p[8].x), static_cast<int>(0.45f * p[57].y + 0.55f * p[8].y));
    lips += (lip.r + 1) * (chin.g + 1) > (chin.r + 1) * (lip.g + 1);
  }
  CHECK(iris >= 2 * kFaces - 3);
  CHECK(brow >= kFaces - 5);  // a fringe or grey hair may hide it
  CHECK(lips >= kFaces - 6);  // beards
}

TEST_CASE("many drawn faces vary as people do") {
  constexpr int kFaces = 400;
  int turned = 0, open = 0, shut_eyes = 0, dark = 0, light = 0;
  double jaw = 0, mouth = 0, roll = 0;
  DrawOptions o;
  o.size = 48;
  for (std::uint64_t i = 0; i < kFaces; ++i) {
    const DrawnFace face = draw_face(21, i, o);
    const Landmarks& p = face.points;
    const float unit = inter_ocular(p);
    const float left = distance(p[0], p[27]), right = distance(p[27], p[16]);
    turned += std::abs(left - right) / (left + right) > 0.25f;
    open += distance(p[62], p[66]) > 0.05f * unit;
    shut_eyes += distance(p[37], p[41]) < 0.03f * unit;
    jaw += distance(p[0], p[16]) / unit / kFaces;
    mouth += distance(p[48], p[54]) / unit / kFaces;
    roll += std::abs(std::atan2(p[45].y - p[36].y, p[45].x - p[36].x)) * 57.3 / kFaces;
    const float skin = brightness(face.image, between(p[30], p[29], 0.7f));
    dark += skin < 70;
    light += skin > 170;
  }
  CHECK(jaw == Approx(1.66).margin(0.12));
  CHECK(mouth == Approx(0.63).margin(0.07));
  CHECK(roll > 3);
  CHECK(roll < 12);
  CHECK(turned > 0.1 * kFaces);
  CHECK(turned < 0.5 * kFaces);
  CHECK(open > 0.25 * kFaces);
  CHECK(open < 0.65 * kFaces);
  CHECK(shut_eyes > 0.01 * kFaces);
  CHECK(shut_eyes < 0.15 * kFaces);
  CHECK(dark > 0.01 * kFaces);
  CHECK(light > 0.05 * kFaces);
}
