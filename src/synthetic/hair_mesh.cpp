// Hair, hats and headscarves: shells over the skull, cut to shape by cover functions.
#include <numbers>

#include "mesh.hpp"

namespace lineament::synthetic {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

struct Shell {
  float top, side, front, back;  ///< distance from the skull, cm
  float end;                     ///< level where it ends
  float wave, flare;             ///< of hanging parts
  std::uint32_t seed;
};

/// Rows from the crown down; below the cheekbones the shell hangs straight down.
Grid shell_grid(const Head& head, const Camera& camera, const Shell& shell) {
  constexpr int kRows = 30, kAround = 48;
  Grid grid(kRows, kAround, true);
  const float top = head.top();
  for (int r = 0; r < kRows; ++r) {
    const float part = static_cast<float>(r) / (kRows - 1);
    const float level = mix(top, shell.end, part * (0.35f + 0.65f * part));
    const float hang = std::max(0.0f, -2 - level);
    Section s = head.section(std::max(level, -2.0f));
    const float close = ramp(0, 0.12f, part);  // the shell closes over the crown
    s.width += close * shell.side * (1 + 0.5f * ramp(0, 5, level)) + shell.flare * hang;
    s.front += close * shell.front;
    s.back += close * shell.back + 0.5f * shell.flare * hang;
    s.front = mix(s.front, 5.5f, ramp(-9, -13, level));
    const float y = level > 0 ? level * (1 + shell.top / top) : level;
    for (int c = 0; c < kAround; ++c) {
      const float turn = 2 * kPi * static_cast<float>(c) / kAround - kPi, sn = std::sin(turn), cs = std::cos(turn);
      // Only outwards: the skull does not show through.
      const float wave = 0.5f + 0.5f * noise(2.2f * turn, 0.45f * level, shell.seed);
      const float swell = 1 + (0.05f + 0.16f * shell.wave) * wave * close * ramp(0, 0.5f, shell.top);
      const Vec3 p{s.width * sn * swell, y, s.outline + (cs > 0 ? (s.front - s.outline) * cs : s.back * cs) * swell};
      Vertex& v = grid.at(r, c);
      v.at = camera.view(p);
      v.a = turn;
      v.b = level;
      v.open = mix(1, 0.6f, ramp(0, -8, level));
      v.light = mix(1, 0.7f, ramp(0, -8, level));
    }
  }
  grid.set_normals();
  return grid;
}

}  // namespace

Grid hair_grid(const Head& head, const Camera& camera, const Look& look) {
  // Hair that has receded is thin at the sides, too.
  const float v = look.hair_volume * ramp(8, 6.5f, look.hairline);
  Shell shell{0.9f * v, 0.3f + 0.6f * v, 0.55f + 0.3f * v, 0.6f * v, -6, look.hair_wave, 0, look.noise_seed};
  switch (look.style) {
    case HairStyle::buzz:
      shell.top = shell.side = shell.back = 0.2f, shell.front = 0.45f;
      break;
    case HairStyle::fringe:
      shell.front = 0.95f, shell.end = -7;
      break;
    case HairStyle::tied:
      shell.top = 0.3f, shell.side = 0.25f, shell.front = 0.5f, shell.back = 0.5f;
      break;
    case HairStyle::bob:
    case HairStyle::flowing:
      shell.top = 0.8f * v, shell.side = 0.6f + 0.9f * v, shell.end = look.hair_end, shell.flare = 0.03f + 0.08f * v,
      shell.back = v;
      break;
    case HairStyle::brief:
    case HairStyle::bald:
      break;
  }
  return shell_grid(head, camera, shell);
}

Cover hair_cover(const Look& l) {
  const bool hanging = l.style == HairStyle::bob || l.style == HairStyle::flowing,
             fringe = l.style == HairStyle::fringe;
  return Cover([&](float angle) {
    const float m = std::abs(angle);
    const float fine = noise(14 * angle, 0, l.noise_seed ^ 77u), coarse = noise(3.5f * angle, 0, l.noise_seed ^ 78u);
    const float tips = noise(40 * angle, 0, l.noise_seed ^ 79u);
    const float rough = fringe ? 1.0f : l.style == HairStyle::buzz ? 0.15f : 0.4f;
    float line;
    if (hanging) {
      // Parted: the hair falls away from the parting to both sides.
      const float from_part = std::abs(angle - 0.7f * l.parting) / l.hair_open;
      line = l.hairline + 0.5f - 2.2f * from_part * from_part;
      if (m > l.hair_open + 0.06f * fine) line = -100;
    } else {
      line = l.hairline - 0.5f * square(m / 1.1f) + (fringe ? 1.0f : 0.6f) * l.parting * angle;
      line -= 4 * (1.4f - l.hair_open) * ramp(0.5f, 1.1f, m);         // round the temples
      line = mix(line, -0.8f, ramp(1.02f, 1.35f, m));                 // temple to sideburn
      line = mix(line, fringe ? -1.5f : 0.8f, ramp(1.6f, 1.75f, m));  // above the ear
      line = mix(line, -5.5f, ramp(2.0f, 2.3f, m));                   // to the nape
    }
    return Cover::Levels{line + rough * (0.45f * fine + 0.5f * coarse + 0.35f * tips)};
  });
}

Grid hat_grid(const Head& head, const Camera& camera, const Look& look) {
  Shell shell{1.2f, 0.8f, 1.05f, 0.9f, look.hat_line - 4, 0, 0, look.noise_seed};
  if (look.headwear == Headwear::cap) shell.top = 1.6f;
  if (look.headwear == Headwear::scarf) shell = {0.9f, 0.9f, 1, 1.5f, -22, 0.6f, 0.05f, look.noise_seed};
  return shell_grid(head, camera, shell);
}

Cover hat_cover(const Look& l) {
  return Cover([&](float angle) {
    if (l.headwear == Headwear::scarf) {
      // An oval opening for the face, closed below the chin.
      const float across = std::sqrt(std::max(0.0f, 1 - square(angle / 1.22f)));
      return Cover::Levels{-3.5f + across * (l.hat_line + 4.5f), -3.5f - 8.6f * across};
    }
    return Cover::Levels{l.hat_line - 0.9f * square(angle / 1.6f)};
  });
}

Grid brim_grid(const Head& head, const Camera& camera, const Look& look) {
  constexpr int kRows = 5, kColumns = 17;
  Grid grid(kRows, kColumns);
  const Section s = head.section(look.hat_line);
  for (int r = 0; r < kRows; ++r) {
    const float out = static_cast<float>(r) / (kRows - 1);
    for (int c = 0; c < kColumns; ++c) {
      const float q = 2 * static_cast<float>(c) / (kColumns - 1) - 1, angle = 1.15f * q,
                  reach = 6.5f * std::sqrt(std::max(0.0f, 1 - q * q));
      const Vec3 p{(s.width + 0.7f) * std::sin(angle), look.hat_line + 0.3f - 0.8f * q * q - 0.22f * reach * out,
                   s.outline + (s.front + 0.8f - s.outline) * std::cos(angle) + reach * out};
      Vertex& v = grid.at(r, c);
      v.at = camera.view(p);
      v.a = angle;
      v.b = look.hat_line + out;
    }
  }
  grid.set_normals();
  for (Vertex& v : grid.vertices) {
    if (v.normal.z < 0) v.normal = v.normal * -1, v.open = 0.4f, v.light = 0.2f;  // seen from below
  }
  return grid;
}

}  // namespace lineament::synthetic
