// Sampling of who is drawn: proportions, expression and pose. Colours, hair and light are in look.cpp.
#include "person.hpp"

#include <numbers>

#include "chances.hpp"

namespace lineament::synthetic {
namespace {

/// Normal, cut at 2.2 deviations so that no combination of traits breaks the surface.
float spread(Random& random, float deviation) {
  return deviation * std::clamp(random.normal(), -2.2f, 2.2f);
}
float radians(float degrees) {
  return degrees * (std::numbers::pi_v<float> / 180);
}

void make_child(Identity& who, float k) {
  // A small face under a large forehead: eyes larger and farther apart for the face, nose and jaw short.
  who.eye_half *= 1 + 0.08f * k;
  who.eye_upper *= 1 + 0.15f * k;
  who.eye_lower *= 1 + 0.15f * k;
  who.nose_tip *= 1 - 0.16f * k;
  who.nose_base *= 1 - 0.16f * k;
  who.nose_out *= 1 - 0.2f * k;
  who.nose_bridge *= 1 - 0.35f * k;
  who.mouth_y *= 1 - 0.13f * k;
  who.mouth_half *= 1 - 0.1f * k;
  who.chin *= 1 - 0.13f * k;
  who.fatness += 0.8f * k;
  who.brow_ridge *= 1 - 0.7f * k;
  who.forehead_slope -= 0.6f * k;
  who.crown += 0.8f * k;
  who.cheekbone *= 1 - 0.4f * k;
}

}  // namespace

Identity draw_identity(Random& random, float variety) {
  Identity w;
  const auto vary = [&](float& value, float deviation) { value += variety * spread(random, deviation); };
  vary(w.face_width, 0.045f);
  vary(w.jaw_width, 0.075f);
  vary(w.chin_width, 0.24f);
  vary(w.chin, 0.55f);
  vary(w.chin_out, 0.35f);
  vary(w.crown, 0.5f);
  vary(w.forehead_slope, 0.5f);
  vary(w.roundness, 0.35f);
  vary(w.fatness, 0.5f);
  vary(w.cheekbone, 0.25f);
  vary(w.brow_ridge, 0.25f);
  vary(w.eye_depth, 0.25f);
  vary(w.eye_x, 0.12f);
  vary(w.eye_half, 0.09f);
  vary(w.eye_slant, 0.12f);
  vary(w.eye_upper, 0.1f);
  vary(w.eye_lower, 0.06f);
  vary(w.brow_y, 0.25f);
  vary(w.brow_half, 0.18f);
  vary(w.brow_x, 0.15f);
  vary(w.brow_arch, 0.26f);
  vary(w.brow_tilt, 0.18f);
  vary(w.brow_thick, 0.17f);
  const float middle = variety * spread(random, 0.28f);  // nose and mouth move together
  w.nose_tip += middle;
  w.nose_base += middle;
  w.mouth_y += 1.1f * middle;
  vary(w.nose_tip, 0.16f);
  vary(w.nose_base, 0.14f);
  vary(w.nose_width, 0.22f);
  vary(w.nose_out, 0.28f);
  vary(w.nose_bridge, 0.2f);
  vary(w.nose_hump, 0.1f);
  vary(w.nose_ball, 0.12f);
  vary(w.bridge_width, 0.12f);
  vary(w.mouth_y, 0.18f);
  vary(w.mouth_half, 0.17f);
  const float fullness = variety * spread(random, 0.16f);
  w.lip_upper += fullness;
  w.lip_lower += fullness;
  vary(w.lip_upper, 0.08f);
  vary(w.lip_lower, 0.07f);
  vary(w.bow, 0.1f);
  vary(w.lip_out, 0.2f);
  w.age = clamp01(mix(0.35f, random.uniform(0, 1), variety));
  if (random.chance(kChances.child * variety)) {
    w.age = 0;
    make_child(w, random.uniform(0.3f, 1));
  }
  w.lip_upper = std::max(w.lip_upper, 0.25f);
  w.lip_lower = std::max(w.lip_lower, 0.4f);
  w.brow_thick = std::max(w.brow_thick, 0.3f);
  return w;
}

Expression draw_expression(Random& random, float strength) {
  Expression e;
  const float mood = random.uniform();
  const float tilt = spread(random, 0.07f);
  float smile = 0;
  if (mood < 0.31f) {  // still
    smile = random.uniform(-0.25f, 0.3f);
    if (random.chance(0.3f)) e.part = random.uniform(0.1f, 0.5f);
  } else if (mood < 0.76f) {  // smile, mostly with teeth, up to a laugh
    smile = random.uniform(0.3f, 1.25f);
    if (random.chance(0.82f)) e.part = smile * random.uniform(0.25f, 1.35f);
    if (random.chance(0.3f)) e.jaw = random.uniform(0.2f, 1.6f);
  } else if (mood < 0.94f) {  // talk, shout, gape
    smile = random.uniform(-0.4f, 0.35f);
    e.jaw = random.chance(kChances.wide_gape) ? random.uniform(1.5f, 3.8f) : 2.5f * square(random.uniform());
    e.part = random.uniform(0, 0.5f);
    e.pucker = random.chance(0.3f) ? random.uniform(0, 0.8f) : 0;
  } else {  // grim or kiss
    smile = random.uniform(-0.6f, 0);
    e.pucker = random.uniform(0, 1);
    e.frown = random.uniform(0, 1);
  }
  const float raise = std::clamp(random.normal(), -2.0f, 2.5f) * 0.25f, lopsided = spread(random, 0.08f);
  for (int k = 0; k < 2; ++k) {
    const float side = k == 0 ? -1.0f : 1.0f;
    e.smile[k] = smile + side * tilt * (1 + std::abs(smile));
    e.brow_raise[k] = raise + side * lopsided;
  }
  if (random.chance(0.2f)) e.frown = std::max(e.frown, random.uniform(0, 0.9f));
  float open = 0.97f + spread(random, 0.14f) - 0.16f * std::max(0.0f, smile);
  const float lids = random.uniform();
  if (lids < 0.035f)
    open = random.uniform(0, 0.08f);
  else if (lids < 0.1f)
    open = random.uniform(0.15f, 0.6f);
  else if (lids < 0.14f)
    open = random.uniform(1.1f, 1.25f);
  const float wink = random.chance(0.03f) ? random.uniform(0, 0.4f) : 1.0f;
  const int winking = random.chance(0.5f) ? 1 : 0;
  for (int k = 0; k < 2; ++k) {
    const float lid = std::max(0.0f, open + spread(random, 0.03f)) * (k == winking ? wink : 1.0f);
    e.eye_open[k] = mix(1, lid, strength);
    e.smile[k] *= strength;
    e.brow_raise[k] *= strength;
  }
  e.gaze_x = strength * spread(random, 0.26f);
  e.gaze_y = strength * spread(random, 0.1f);
  e.frown *= strength;
  e.jaw *= strength;
  e.part *= strength;
  e.pucker *= strength;
  return e;
}

Pose draw_pose(Random& random, const DrawOptions& options) {
  Pose p;
  // A narrow core and wide tails, as in snapshots.
  const auto turned = [&](float limit, float core) {
    const float v = random.chance(0.09f) ? random.uniform(-1, 1) : std::clamp(random.normal() * core, -1.0f, 1.0f);
    return radians(limit) * v;
  };
  p.yaw = turned(options.max_yaw, 0.22f);
  p.pitch = turned(options.max_pitch, 0.3f);
  p.roll = turned(options.max_roll, 0.24f);
  p.distance = 45 * std::pow(6.0f, random.uniform());  // selfie … telephoto
  p.face = random.uniform(options.smallest_face, options.largest_face);
  const float room = 0.5f * (1 - p.face) - 0.12f;
  p.shift_x = options.shift * std::max(0.0f, room) * random.uniform(-1, 1);
  p.shift_y = options.shift * std::max(0.0f, room) * random.uniform(-0.6f, 1);
  return p;
}

Person draw_person(std::uint64_t seed, std::uint64_t index, const DrawOptions& options) {
  Person person;
  Random identity = stream(seed, index, 1), expression = stream(seed, index, 2);
  Random pose = stream(seed, index, 3), look = stream(seed, index, 4);
  person.identity = draw_identity(identity, options.variety);
  person.expression = draw_expression(expression, options.expression);
  person.pose = draw_pose(pose, options);
  person.look = draw_look(look, person.identity, options);
  Random mask = stream(seed, index, 10);
  if (mask.chance(options.masks)) {
    person.look.mask = draw_mask(mask);
    person.look.beard_length = 0;  // it is inside
  }
  return person;
}

}  // namespace lineament::synthetic
