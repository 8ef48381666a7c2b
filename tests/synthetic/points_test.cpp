// Where the 68 points of a drawn head are: symmetry, expressions, the visible outline.
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
      INFO("yaw " << yaw << " point " << i);
      CHECK(skin(p[i] + inward * 4));
      CHECK_FALSE(skin(p[i] - inward * 4));
    }
  }
}
