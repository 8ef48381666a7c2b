// Eyelids, brows and lips of a drawn face as curves in the front view (x to the right, y up, cm). The same curves shape
// the surface, are painted on it, and carry the landmarks, so that points and picture cannot disagree.
#pragma once
#include "person.hpp"

namespace lineament::synthetic {

/// u runs from the inner corner (-1) to the outer one (+1); `side` is -1 for the picture's left.
struct Eye {
  float side = 1, x = 3, y = 0, half = 1.4f, slant = 0.2f, upper = 0.6f, lower = 0.4f, open = 1;
  float gaze_x = 0, gaze_y = 0;

  float u(float at_x) const { return (side * at_x - x) / half; }
  float x_at(float at_u) const { return side * (x + half * at_u); }
  float line(float at_u) const { return y + 0.5f * slant * at_u; }
  float shape(float at_u) const { return root34(1 - at_u * at_u); }
  float lower_y(float at_u) const {
    return line(at_u) - lower * (0.75f + 0.25f * open) * shape(at_u) * (1 + 0.15f * at_u);
  }
  float upper_y(float at_u) const {
    const float shut = lower_y(at_u), wide = line(at_u) + upper * shape(at_u) * (1 - 0.12f * at_u);
    return mix(shut, wide, open);
  }
};

/// u runs from the inner end (-1) to the outer one (+1); y(u) is the line that annotators follow, just above the hair's
/// middle.
struct Brow {
  float side = 1, x = 3.5f, y = 2, half = 2.3f, arch = 0.8f, tilt = 0, thick = 0.6f, frown = 0;

  float u(float at_x) const { return (side * at_x - x) / half; }
  float x_at(float at_u) const { return side * (x + half * at_u - 0.25f * frown * (1 - at_u)); }
  float y_at(float at_u) const {
    return y + tilt * at_u + arch * (0.3f - square(at_u + 0.1f)) - 0.6f * frown * ramp(0.6f, -1, at_u);
  }
  float width(float at_u) const {
    return thick * (0.35f + 0.65f * ramp(1.1f, -0.2f, at_u)) * ramp(-1.15f, -0.75f, at_u);
  }
};

/// t runs from the left corner (-1) to the right one (+1).
struct Mouth {
  float x = 0, y = -6.7f, half[2] = {2.45f, 2.45f}, corner[2] = {0, 0};
  float gap_up = 0, gap_low = 0, lip_up = 0.6f, lip_low = 0.8f, bow = 0.2f;
  static constexpr float kInner = 0.86f;  ///< where the inner corners are

  float t(float at_x) const { return (at_x - x) / half[at_x < x ? 0 : 1]; }
  float x_at(float at_t) const { return x + half[at_t < 0 ? 0 : 1] * at_t; }
  float seam(float at_t) const {
    return y + corner[at_t < 0 ? 0 : 1] * at_t * at_t + 0.06f * bump(at_t / 0.4f) * (bow - 1);
  }
  float opening(float at_t) const { return root2(1 - square(at_t / kInner)); }
  float inner_up(float at_t) const { return seam(at_t) + gap_up * opening(at_t); }
  float inner_low(float at_t) const { return seam(at_t) - gap_low * opening(at_t); }
  float outer_up(float at_t) const {
    const float m = std::abs(at_t);
    const float lip =
        root34(1 - m) * (0.9f + 0.35f * m) + bow * (0.6f * bump((m - 0.24f) / 0.3f) - 0.7f * bump(m / 0.2f));
    return inner_up(at_t) + lip_up * lip;
  }
  float outer_low(float at_t) const { return inner_low(at_t) - lip_low * root34(1 - at_t * at_t); }
  bool open() const { return gap_up + gap_low > 0.02f; }
};

struct Nose {
  float root = 0.6f, tip = -3.6f, base = -4.75f, width = 1.75f, out = 2.3f, bridge = 0.55f, hump = 0, ball = 1,
        bridge_width = 1;

  float wing_x() const { return width - 0.5f; }
  float wing_y() const { return mix(tip, base, 0.45f); }
  float depth(float at_x, float at_y) const;
};

struct Features {
  Eye eye[2];
  Brow brow[2];
  Mouth mouth;
  Nose nose;
};

Features make_features(const Identity& identity, const Expression& expression);

}  // namespace lineament::synthetic
