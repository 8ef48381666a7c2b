// Paint on the skin outside the features: tone, blush, freckles, creases, nostrils, beard.
#include "shade.hpp"

namespace lineament::synthetic {
namespace {

/// A dark line where `d` (cm) is 0, `half` wide.
float line(float d, float half, float pixel) {
  return bump(d / (half + 0.6f * pixel)) * std::min(1.0f, half / (0.5f * pixel));
}

void crease(const Scene& s, float x, float y, Paint& paint) {
  const Identity& who = s.head->identity();
  const Expression& how = s.head->expression();
  const float m = std::abs(x), smile = std::max(0.0f, how.smile[x < 0 ? 0 : 1]);
  float dark = 0;
  if (y < -3.2f && y > -8) {  // nose to mouth corner
    const float down = (-3.6f - y) / 3.4f, fold_x = 1.95f + (1.35f + 0.35f * smile) * down - 0.3f * down * down;
    dark += (0.08f + 0.22f * who.age + 0.3f * smile) * line(m - fold_x, 0.32f, s.pixel) * ramp(-0.1f, 0.15f, down) *
            ramp(1.15f, 0.7f, down);
  }
  if (y > 2.8f && y < 6 && how.brow_raise[0] + how.brow_raise[1] > 0.1f) {  // forehead
    const float wavy = y + 0.15f * std::cos(0.9f * x);
    dark += 0.3f * who.age * bump(x / 4.5f) * line(wavy - std::round(wavy / 0.8f) * 0.8f, 0.08f, s.pixel);
  }
  if (how.frown > 0.2f && m < 1.2f) dark += 0.3f * how.frown * line(m - 0.45f, 0.1f, s.pixel) * bump((y - 1.8f) / 1.2f);
  if (y > -2.4f && y < 0.5f) {  // under the eye
    const float u = (m - who.eye_x) / 1.6f, sag = -0.95f - 0.35f * (1 - u * u);
    dark += (0.06f + 0.2f * who.age) * line(y - sag, 0.13f, s.pixel) * bump(u / 1.1f);
  }
  paint.open *= 1 - std::min(dark, 0.7f);
}

void nostrils(const Scene& s, float x, float y, Paint& paint) {
  const Nose& n = s.head->features().nose;
  const float m = std::abs(x);
  const float hole = bump((m - 0.44f * n.width) / (0.26f * n.width), (y - n.base - 0.32f) / 0.3f);
  const float wing = bump((std::hypot((m - n.wing_x() + 0.1f) / 0.85f, (y - n.wing_y()) / 0.95f) - 0.85f) / 0.3f) *
                     ramp(n.wing_x() - 0.3f, n.wing_x() + 0.3f, m);
  const float under = bump(x / (n.width + 0.2f), (y - n.base + 0.1f) / 0.5f);
  paint.open *= (1 - 0.85f * std::min(1.0f, 1.6f * hole)) * (1 - 0.28f * wing) * (1 - 0.3f * under);
}

}  // namespace

Paint paint_skin(const Scene& s, float x, float y) {
  const Look& look = *s.look;
  const float m = std::abs(x);
  Paint p{look.skin, 0.12f + 0.35f * look.shine, 0.05f * look.shine, 1, 1, {}};
  const std::uint32_t seed = look.noise_seed;
  const float cloudy = noise(0.6f * x, 0.6f * y, seed), fine = noise(2.6f * x, 2.6f * y, seed + 1);
  p.albedo = p.albedo * (1 + look.mottle * (0.07f * cloudy + 0.05f * fine));
  // Blood shows on cheeks and nose; the sockets and the jaw are duller.
  const float red =
      look.blush * (0.7f * bump((m - 4) / 2.6f, (y + 3.5f) / 2.6f) + 0.6f * bump(x / 1.7f, (y + 3.6f) / 1.5f));
  p.albedo = p.albedo * Vec3{1 + 0.05f * red, 1 - 0.16f * red, 1 - 0.14f * red};
  const float socket = look.socket * bump((m - 2.8f) / 2.4f, (y - 0.1f) / 1.6f);
  p.albedo = p.albedo * Vec3{1 - 0.12f * socket, 1 - 0.17f * socket, 1 - 0.13f * socket};
  if (look.freckles > 0 && y > -6 && y < 3) {
    const float spot = ramp(0.45f, 0.8f, noise(4.5f * x, 4.5f * y, seed + 2)) * bump(x / 7, (y + 2) / 4.5f);
    p.albedo = p.albedo * (1 - 0.4f * look.freckles * spot);
  }
  const float width = s.head->section(y).width;
  if (m > 1.05f * width + 0.2f || y > 9) return p;  // behind the ears
  crease(s, x, y, p);
  const Features& f = s.head->features();
  const int k = x < 0 ? 0 : 1;
  if (y < -3 && y > -6 && m < 3) nostrils(s, x, y, p);
  if (y < 0.5f) paint_beard(s, x, y, width, p);
  if (y < -4) paint_mouth(s, x, y, p);
  if (y > -2.2f && y < 2.2f) paint_eye(s, f.eye[k], x, y, p);
  if (y > -0.3f && y < 4.6f) paint_brow(s, f.brow[k], x, y, p);
  return p;
}

void paint_beard(const Scene& s, float x, float y, float width, Paint& paint) {
  const Look& look = *s.look;
  if (look.stubble <= 0 && look.beard <= 0 && look.moustache <= 0) return;
  const Mouth& mouth = s.head->features().mouth;
  const float m = std::abs(x), base = s.head->features().nose.base;
  // Jaw and chin from the sideburns down, free of the cheeks; the lip's hair between nose and mouth.
  const float edge = mix(mouth.y - 0.3f, 0, ramp(0.35f, 1, m / std::max(width, 1.0f)));
  const float jaw = ramp(edge + 0.5f, edge - 0.8f, y) * (1 - bump(x / 3.2f, (y - mouth.y) / 1.3f));
  const float strand = noise(7 * x + 1.5f * y, 1.6f * y, look.noise_seed + 5),
              clump = noise(1.3f * x, 1.3f * y, look.noise_seed + 6);
  // A moustache falls off to both sides and has no straight edge.
  const float lip_width = mouth.half[0] + 0.5f + 0.4f * clump, lip_top = base - 0.2f * m + 0.3f * clump;
  const float lip = ramp(lip_top + 0.2f, lip_top - 0.4f, y) * ramp(mouth.outer_low(0) - 0.8f, mouth.y, y) *
                    ramp(lip_width + 0.5f, lip_width - 0.7f, m);
  const float tuft = bump(x / 0.9f, (y - mouth.outer_low(0) + 0.8f) / 0.9f);
  const float area = std::max(std::max(jaw, 0.8f * tuft) * look.beard, lip * look.moustache);
  const float shadow = 0.4f * look.stubble * std::max(jaw, 0.8f * lip) * (1 + 0.3f * clump);
  const float hair = ramp(look.beard_edge, 0.65f, area + 0.14f * strand + 0.12f * clump);
  const Vec3 color = look.brow * (1 + 0.5f * strand);
  paint.albedo = mix(mix(paint.albedo, look.brow + Vec3{0.03f, 0.03f, 0.035f}, clamp01(shadow)), color, 0.93f * hair);
  paint.gloss *= 1 - 0.7f * hair;
  paint.scatter *= 1 - hair;
  paint.bend = paint.bend + Vec3{0.35f * strand * hair, 0.2f * clump * hair, 0};
}

}  // namespace lineament::synthetic
