// Where the 68 points of a drawn head are: symmetry, expressions, the visible outline.
#include <cmath>
#include <vector>

#include "../../src/synthetic/convention.hpp"
#include "../../src/synthetic/mesh.hpp"
#include "catch.hpp"
#include "lineament/faces/scheme.hpp"

using namespace lineament;
using namespace lineament::synthetic;

namespace {

constexpr int kSize = 400;

/// An upright, average head in the middle of the picture.
struct Shot {
  Identity identity;
  Expression expression;
  Pose pose{0, 0, 0, 120, 0.6f, 0, 0};

  Landmarks points() const {
    const Head head(identity, expression);
    return place_points(head, aim(head, pose, kSize));
  }
};

float lid_gap(const Landmarks& p, int first) {
  return (distance(p[first + 1], p[first + 5]) + distance(p[first + 2], p[first + 4])) / 2 /
         distance(p[first], p[first + 3]);
}
/// The closed curve of points (x(t), y(t)) of the head's front, t from -1 to 1 along its upper edge and back along its
/// lower one, as the camera sees it.
std::vector<Point> outline(const Head& head, const Camera& camera, auto x, auto upper, auto lower) {
  std::vector<Point> line;
  const auto add = [&](float t, auto y) { line.push_back(camera.see({x(t), y(t), head.depth(x(t), y(t))})); };
  for (int i = -50; i < 50; ++i) add(static_cast<float>(i) / 50, upper);
  for (int i = 50; i > -50; --i) add(static_cast<float>(i) / 50, lower);
  return line;
}
/// Whether `p` is inside the curve, or within `slack` pixels of it.
bool inside(const std::vector<Point>& curve, Point p, float slack) {
  bool in = false;
  float nearest = 1e9f;
  for (std::size_t i = 0, j = curve.size() - 1; i < curve.size(); j = i++) {
    const Point a = curve[i], b = curve[j];
    nearest = std::min(nearest, distance(a, p));
    if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) in = !in;
  }
  return in || nearest < slack;
}

float mouth_gap(const Landmarks& p) {
  return distance(p[62], p[66]) / inter_ocular(p);
}

}  // namespace

TEST_CASE("a frontal average face is symmetric and its features are in order") {
  const Landmarks p = Shot{}.points();
  const float middle = p[8].x;
  for (int i = 0; i < kPoints; ++i) {
    CHECK(p[i].x - middle == Approx(middle - p[ibug_68().mirror[i]].x).margin(0.05));
    CHECK(p[i].y == Approx(p[ibug_68().mirror[i]].y).margin(0.05));
  }
  for (int i = 1; i <= 8; ++i) CHECK(p[i].y > p[i - 1].y);   // jaw goes down …
  for (int i = 1; i <= 16; ++i) CHECK(p[i].x > p[i - 1].x);  // … and from left to right
  for (int i = 18; i <= 26; ++i) CHECK(p[i].x > p[i - 1].x);
  for (int i = 28; i <= 30; ++i) CHECK(p[i].y > p[i - 1].y);
  for (int i = 32; i <= 35; ++i) CHECK(p[i].x > p[i - 1].x);
  CHECK(p[19].y < p[37].y);
  CHECK(p[37].y < p[41].y);
  CHECK(p[41].y < p[30].y);
  CHECK(p[30].y < p[33].y);
  CHECK(p[33].y < p[51].y);
  CHECK(p[51].y < p[62].y);
  CHECK(p[62].y <= p[66].y);
  CHECK(p[66].y < p[57].y);
  CHECK(p[57].y < p[8].y);
}

TEST_CASE("an average face has the proportions of anatomy") {
  const Landmarks p = Shot{}.points();
  const float unit = inter_ocular(p);
  CHECK(distance(p[0], p[16]) / unit == Approx(1.6).margin(0.1));  // 14.5 cm / 9 cm
  CHECK(distance(p[39], p[42]) / unit == Approx(0.42).margin(0.04));
  CHECK(distance(p[48], p[54]) / unit == Approx(0.6).margin(0.06));
  CHECK((p[8].y - p[36].y) / unit == Approx(1.27).margin(0.1));
  CHECK(lid_gap(p, 36) == Approx(0.33).margin(0.06));
  CHECK(mouth_gap(p) < 0.01f);
}

TEST_CASE("jaw points are evenly spaced in the picture, whatever the head's turn") {
  for (const float yaw : {0.0f, 0.35f, 0.7f}) {
    Shot shot;
    shot.pose.yaw = yaw;
    const Landmarks p = shot.points();
    for (const int first : {0, 8}) {
      float total = 0;
      for (int i = first; i < first + 8; ++i) total += distance(p[i], p[i + 1]);
      for (int i = first; i < first + 8; ++i) {
        INFO("yaw " << yaw << " point " << i);
        // Less so on the chin's far side: the chin moves most when the head turns, as on photos (kForward).
        CHECK(distance(p[i], p[i + 1]) == Approx(total / 8).epsilon(i == 8 && yaw > 0.5f ? 0.11 : 0.09));
      }
    }
  }
}

TEST_CASE("turning the other way mirrors the points") {
  Shot right, left;
  right.pose = {0.6f, 0.1f, 0.2f, 70, 0.5f, 0, 0};
  left.pose = {-0.6f, 0.1f, -0.2f, 70, 0.5f, 0, 0};
  const Landmarks a = right.points(), b = left.points();
  for (int i = 0; i < kPoints; ++i) {
    CHECK(a[i].x == Approx(kSize - 1 - b[ibug_68().mirror[i]].x).margin(0.1));
    CHECK(a[i].y == Approx(b[ibug_68().mirror[i]].y).margin(0.1));
  }
  right.pose.roll = 0;
  const Landmarks upright = right.points();
  CHECK(upright[30].x - upright[27].x > 10);  // the nose points to the side of the turn
}

TEST_CASE("pitch and roll go the way they say") {
  Shot up, down, tilted;
  up.pose.pitch = 0.3f;
  down.pose.pitch = -0.3f;
  tilted.pose.roll = 0.3f;
  const auto nose_length = [](const Landmarks& p) { return (p[30].y - p[27].y) / inter_ocular(p); };
  CHECK(nose_length(up.points()) < nose_length(Shot{}.points()));
  CHECK(nose_length(Shot{}.points()) < nose_length(down.points()));
  const Landmarks p = tilted.points();
  CHECK(std::atan2(p[45].y - p[36].y, p[45].x - p[36].x) == Approx(0.3).margin(0.01));
}

TEST_CASE("closed eyes have no gap between their lids, and each eye closes alone") {
  Shot shot;
  shot.expression.eye_open[0] = 0;
  const Landmarks p = shot.points();
  CHECK(lid_gap(p, 36) < 0.03f);
  CHECK(lid_gap(p, 42) > 0.25f);
}

TEST_CASE("a dropped jaw opens the mouth and lowers the chin") {
  Shot shot;
  shot.expression.jaw = 2;
  const Landmarks open = shot.points(), shut = Shot{}.points();
  CHECK(mouth_gap(open) == Approx(0.21).margin(0.04));  // 1.9 cm of 9
  const auto chin = [](const Landmarks& p) { return (p[8].y - p[27].y) / inter_ocular(p); };
  CHECK(chin(open) - chin(shut) == Approx(0.22).margin(0.06));
}

TEST_CASE("points of lips and lids stay on the lips and lids, whatever the face does") {
  for (int face = 0; face < 60; ++face) {
    Shot shot;
    Random identity = stream(3, static_cast<std::uint64_t>(face), 1),
           look = stream(3, static_cast<std::uint64_t>(face), 2);
    shot.identity = draw_identity(identity, 1);
    shot.expression = draw_expression(look, 1);
    shot.pose.yaw = 0.02f * static_cast<float>(face % 20 - 10);
    const Head head(shot.identity, shot.expression);
    const Camera camera = aim(head, shot.pose, kSize);
    const Landmarks p = place_points(head, camera);
    const float slack = 0.16f * camera.scale(), soft = 0.22f * camera.scale();  // the lower lip ends in its shadow
    const Mouth& m = head.features().mouth;
    const std::vector<Point> lips = outline(
        head, camera, [&](float t) { return m.x_at(t); }, [&](float t) { return m.outer_up(t); },
        [&](float t) { return m.outer_low(t); });
    INFO("face " << face);
    for (int i = 48; i < kPoints; ++i) {
      INFO("point " << i);
      CHECK(inside(lips, p[i], i >= 55 && i < 60 ? soft : slack));
    }
    CHECK(p[62].y <= p[66].y + 0.01f);
    for (int k = 0; k < 2; ++k) {
      const Eye& e = head.features().eye[k];
      const std::vector<Point> lids = outline(
          head, camera, [&](float u) { return e.x_at(u); }, [&](float u) { return e.upper_y(u); },
          [&](float u) { return e.lower_y(u); });
      for (int i = 36 + 6 * k; i < 42 + 6 * k; ++i) {
        INFO("point " << i);
        CHECK(inside(lids, p[i], slack));
      }
    }
  }
}

TEST_CASE("brow points run along the upper edge of the hair, nostrils' points along the foot of the nose") {
  const Shot shot;
  const Head head(shot.identity, shot.expression);
  const Camera camera = aim(head, shot.pose, kSize);
  const Landmarks p = place_points(head, camera);
  const auto level = [&](float x, float y) { return camera.see({x, y, head.depth(x, y)}).y; };
  const Brow& brow = head.features().brow[1];
  for (int i = 0; i < 5; ++i) {
    const float u = 0.5f * static_cast<float>(i) - 1;
    INFO("point " << 22 + i);
    const float least = i == 0 ? 0.07f : 0.1f;  // cm; the inner end's place is measured 0.08 above the line
    CHECK(p[22 + i].y < level(brow.x_at(u), brow.y_at(u)) - least * camera.scale());
    CHECK(p[22 + i].y > level(brow.x_at(u), brow.y_at(u) + brow.thick) - 0.1f * camera.scale());
  }
  const Nose& nose = head.features().nose;
  for (int i = 31; i < 36; ++i) {
    INFO("point " << i);
    CHECK(p[i].y > level(0.44f * nose.width, nose.base + 0.32f));  // the opening's middle
    CHECK(std::abs(p[i].x - p[33].x) < nose.width * camera.scale());
  }
}

TEST_CASE("a smile widens the mouth and lifts its corners") {
  Shot shot;
  shot.expression.smile[0] = shot.expression.smile[1] = 1;
  const Landmarks smile = shot.points(), still = Shot{}.points();
  CHECK(distance(smile[48], smile[54]) / inter_ocular(smile) >
        1.12f * distance(still[48], still[54]) / inter_ocular(still));
  CHECK(smile[48].y < still[48].y - 4);
}

TEST_CASE("jaw points of a turned head lie on the visible outline of the drawn head") {
  for (const float yaw : {-0.8f, -0.4f, 0.0f, 0.4f, 0.8f}) {
    Shot shot;
    shot.pose.yaw = yaw;
    const Head head(shot.identity, shot.expression);
    const Camera camera = aim(head, shot.pose, kSize);
    const Landmarks p = place_points(head, camera);
    Raster raster(kSize, camera);
    raster.draw(head_grid(head, camera, Look{}), Material::skin);
    const auto skin = [&](Point at) {
      return raster.at(static_cast<int>(at.x + 0.5f), static_cast<int>(at.y + 0.5f)).material == Material::skin;
    };
    // Points of the far side; at the front, both.
    for (int i = 1; i <= 15; ++i) {
      const bool far = i < 8 ? yaw <= 0 : yaw >= 0;
      if (!far && i != 8) continue;
      const Point along = p[i + 1] - p[i - 1];
      const Point inward = Point{along.y, -along.x} * (1 / std::hypot(along.x, along.y));
      // Annotators stay a little inside of it, most at the chin.
      const float inside = jaw_inside(static_cast<float>(i <= 8 ? i : 16 - i) / 8) * camera.scale();
      INFO("yaw " << yaw << " point " << i);
      CHECK(skin(p[i] + inward * 4));
      CHECK(skin(p[i] - inward * (inside - 4)));
      CHECK_FALSE(skin(p[i] - inward * (inside + 4)));
    }
  }
}
