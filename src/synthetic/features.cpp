// How identity and expression move the curves of eyes, brows, mouth and nose.
#include "features.hpp"

namespace lineament::synthetic {

float Nose::depth(float at_x, float at_y) const {
  const float top = root + 0.9f;
  if (at_y > top || at_y < base - 0.35f || std::abs(at_x) > width + 0.9f) return 0;
  const float m = std::abs(at_x);
  float ridge, along;
  if (at_y > tip) {
    along = clamp01((root - at_y) / (root - tip));
    ridge = mix(bridge, out, along * (0.75f + 0.25f * along)) * ramp(top, root - 0.4f, at_y) +
            hump * bump((along - 0.45f) / 0.4f);
  } else {
    const float down = clamp01((tip - at_y) / (tip - base + 0.25f));
    along = 1;
    ridge = out * (1 - square(down) * (1.25f - 0.25f * down)) + 0.1f * down * (1 - down);
  }
  const float narrow = mix(1.25f * bridge_width, 1.5f * ball, along * along),
              wide = mix(1.9f * bridge_width, width + 0.55f, along);
  const float profile = 0.5f * bump(m / narrow) + 0.5f * bump(m / wide);
  const float wings = 0.75f * bump((m - wing_x()) / 0.8f, (at_y - wing_y()) / 0.95f) * (out / 2.3f);
  return ridge * profile + wings;
}

Features make_features(const Identity& who, const Expression& how) {
  Features f;
  const float smiling = std::max(0.0f, 0.5f * (how.smile[0] + how.smile[1]));
  for (int k = 0; k < 2; ++k) {
    const float side = k == 0 ? -1.0f : 1.0f;
    Eye& e = f.eye[k];
    e = {side,          who.eye_x,       0,          who.eye_half, who.eye_slant, who.eye_upper,
         who.eye_lower, how.eye_open[k], how.gaze_x, how.gaze_y};
    // A smile pushes the lower lid up.
    e.lower *= 1 - 0.25f * std::max(0.0f, how.smile[k]);
    Brow& b = f.brow[k];
    b = {side,
         who.brow_x,
         who.brow_y + how.brow_raise[k],
         who.brow_half,
         who.brow_arch + 0.15f * how.brow_raise[k],
         who.brow_tilt,
         who.brow_thick,
         how.frown};
    f.mouth.half[k] = who.mouth_half * (1 + 0.22f * how.smile[k] - 0.3f * how.pucker - 0.035f * how.jaw);
    f.mouth.corner[k] = 0.65f * how.smile[k] - 0.06f - 0.3f * how.jaw;
  }
  Mouth& m = f.mouth;
  m.x = 0.25f * (how.smile[1] - how.smile[0]);
  m.y = who.mouth_y + 0.15f * smiling;
  m.gap_up = 0.45f * how.part + 0.05f * how.jaw;
  m.gap_low = 0.55f * how.part + 0.9f * how.jaw;
  const float thin = 1 - 0.25f * smiling + 0.15f * how.pucker - 0.05f * how.jaw;
  m.lip_up = who.lip_upper * thin;
  m.lip_low = who.lip_lower * thin;
  m.bow = who.bow;
  f.nose = {0.6f,
            who.nose_tip,
            who.nose_base,
            who.nose_width * (1 + 0.07f * smiling),
            who.nose_out,
            who.nose_bridge,
            who.nose_hump,
            who.nose_ball,
            who.bridge_width};
  return f;
}

}  // namespace lineament::synthetic
