// Ears, neck and shoulders.
#include <numbers>

#include "mesh.hpp"

namespace lineament::synthetic {

Grid ear_grid(const Head& head, const Camera& camera, int side) {
  constexpr int kRings = 6, kAround = 20;
  Grid grid(kRings, kAround, true);
  const Section s = head.section(-1.2f);
  const float out = static_cast<float>(side);
  const Vec3 center{out * (s.width + 0.35f), -1.65f, s.outline - 1.1f};
  // The ear stands off the head by half a right angle; its long axis leans back a little.
  const Vec3 back{out * 0.55f, 0, -0.83f}, up{0.08f * out, 0.97f, -0.22f}, face{out * 0.83f, 0, 0.55f};
  for (int r = 0; r < kRings; ++r) {
    const float radius = 1 - static_cast<float>(r) / (kRings - 1);  // rim first, so that rows run inwards on both sides
    for (int c = 0; c < kAround; ++c) {
      const float turn = 2 * std::numbers::pi_v<float> * static_cast<float>(c) / kAround;
      const float along = std::sin(turn) * 3.0f * (1 - 0.1f * std::sin(turn)),
                  across = std::cos(turn) * (1.55f + 0.25f * std::sin(turn));
      const float height = 0.45f * std::sin(std::numbers::pi_v<float> * radius) - 0.25f * (1 - radius);
      Vertex& v = grid.at(r, c);
      v.at = camera.view(center + back * (across * radius) + up * (along * radius) + face * height);
      v.a = static_cast<float>(c) / kAround;
      v.b = radius;
      v.open = 0.55f + 0.45f * radius;
      v.light = 0.7f;
    }
  }
  grid.set_normals();
  for (Vertex& v : grid.vertices) {
    // Drawn from both sides: the normal faces the camera.
    if (v.normal.z < 0) v.normal = v.normal * -1;
  }
  return grid;
}

Grid body_grid(const Head& head, const Camera& camera, const Pose& pose, const Look& look) {
  struct Level {
    float y, half, front, back;
  };
  // Down the neck, over the shoulders, to the chest.
  static constexpr Level kLevels[] = {{-3, 5.0f, 3.5f, 6.5f},   {-7, 4.9f, 3.2f, 6.5f},  {-10, 4.9f, 3.0f, 6.5f},
                                      {-12, 5.4f, 3.3f, 6.8f},  {-13.6f, 7.2f, 4, 7.3f}, {-15, 12, 5.2f, 8},
                                      {-16.4f, 16, 6.2f, 8.5f}, {-18.2f, 19, 7.2f, 9},   {-22, 20.5f, 8.5f, 9},
                                      {-30, 20.5f, 10, 9},      {-45, 20, 10, 9}};
  constexpr int kAround = 32, kLevelCount = static_cast<int>(std::size(kLevels));
  Grid grid(kLevelCount, kAround, true);
  // The shoulders follow the head's turn only in part; the neck twists between.
  const Mat3 body = rotation(0.35f * pose.yaw, 0.15f * pose.pitch, 0.3f * pose.roll);
  const float thick = look.neck_width * (0.5f + 0.5f * head.identity().jaw_width + 0.08f * head.identity().fatness);
  const float double_chin = clamp01(head.identity().fatness + 0.2f);
  const Vec3 hinge{0, -9, -1.5f};
  const Vec3 hinge_view = camera.view(hinge);
  for (int r = 0; r < kLevelCount; ++r) {
    const Level& level = kLevels[r];
    const float follow = ramp(-15, -5, level.y), neck = ramp(-14, -12, level.y);
    for (int c = 0; c < kAround; ++c) {
      const float turn = 2 * std::numbers::pi_v<float> * (static_cast<float>(c) / kAround) - std::numbers::pi_v<float>;
      const float sn = std::sin(turn), cs = std::cos(turn), k = mix(1, thick, neck);
      // A second chin fills the angle between chin and neck.
      const float front = level.front + 3.2f * double_chin * bump((level.y + 11.5f) / 2.6f);
      // Raised shoulders and heads put forward hide the neck.
      const float y = level.y + look.neck_short * ramp(-10, -14, level.y);
      const Vec3 p{sn * level.half * k, y, (cs > 0 ? cs * front : cs * level.back) * k - 0.12f * (level.y + 8) - 1.2f};
      Vertex& v = grid.at(r, c);
      v.at = mix(hinge_view + body * (p - hinge), camera.view(p), follow);
      v.a = turn;
      v.b = level.y;
      v.open = mix(1, 0.35f + 0.45f * look.neck_light, ramp(-14, -9, level.y) * (cs > -0.3f ? 1.0f : 0.3f));
      v.light = mix(1, look.neck_light, ramp(-15, -10, level.y) * ramp(-0.2f, 0.5f, cs));
    }
  }
  grid.set_normals();
  return grid;
}

}  // namespace lineament::synthetic
