// Light on painted surfaces: a key light with soft terminator, sky and ground, a rim light, highlights.
#include "shade.hpp"

namespace lineament::synthetic {
namespace {

Vec3 lit(const Look& look, Vec3 half, const Paint& paint, Vec3 normal, float light, float open) {
  const Vec3 n = normalized(normal + paint.bend);
  const float facing = dot(n, look.key_direction);
  // Light that enters the skin leaves it red beyond the edge of the shadow.
  const auto wrapped = [&](float wrap) {
    return square(clamp01((facing + wrap) / (1 + wrap))) * 0.4f +
           0.6f * std::max(0.0f, (facing + 0.5f * wrap) / (1 + 0.5f * wrap));
  };
  const Vec3 diffuse{wrapped(0.12f + 0.3f * paint.scatter), wrapped(0.12f + 0.13f * paint.scatter),
                     wrapped(0.12f + 0.08f * paint.scatter)};
  const Vec3 key = look.key_color * diffuse * light;
  const float up = 0.5f + 0.5f * n.y;
  const Vec3 sky = mix(look.ground_color, look.sky_color, up) * ((0.55f + 0.45f * std::max(0.0f, n.z)) * open);
  const Vec3 rim = look.rim_color * std::max(0.0f, dot(n, look.rim_direction));
  const Vec3 out = paint.albedo * (key + sky + rim) * paint.open;
  const float s = std::max(0.0f, dot(n, half)), s2 = s * s, s8 = s2 * s2 * s2 * s2, s32 = s8 * s8 * s8 * s8;
  const float edge = 1 - std::max(0.0f, n.z);
  const float shine =
      light * paint.open *
      (paint.gloss * (0.14f * s8 + 0.16f * s32) + paint.glint * s32 * s32 * 4 + 0.05f * paint.gloss * edge);
  return out + look.key_color * shine;
}

Paint paint_hair(const Look& look, float angle, float y) {
  const float wave =
      look.hair_wave < 0.1f ? 0 : 0.25f * look.hair_wave * noise(0.9f * y, 3 * angle, look.noise_seed + 20);
  const float strand = noise(26 * (angle + wave), 0.3f * y, look.noise_seed + 21),
              lock = noise(7 * (angle + wave), 0.25f * y, look.noise_seed + 22);
  Paint p{look.hair * std::max(0.25f, 1 + 0.35f * strand + 0.35f * lock), 0.3f, 0, clamp01(0.85f + 0.3f * lock), 0, {}};
  p.bend = {0.35f * strand + 0.3f * lock, 0, 0};
  // A band of light across the strands.
  p.gloss = 0.25f + 0.5f * std::max(0.0f, strand);
  return p;
}

Paint paint_cloth(const Look& look, float a, float y, Vec3 first, Vec3 second, int kind) {
  const float folds = 1.2f * noise(5 * a, 0.5f * y, look.noise_seed + 31);
  float pattern = 0;
  if (kind == 1) pattern = ramp(-0.1f, 0.1f, std::sin(1.6f * y));
  if (kind == 2) pattern = ramp(-0.1f, 0.1f, std::sin(14 * a) * std::sin(1.4f * y));
  if (kind == 3) pattern = ramp(0.1f, 0.3f, noise(6 * a, 0.9f * y, look.noise_seed + 33));
  return {mix(first, second, pattern) * (1 + 0.12f * folds), 0.03f, 0, 1, 0, {0.25f * folds, 0.1f * folds, 0}};
}

Paint paint_ear(const Scene& s, float a, float b) {
  const Look& look = *s.look;
  Paint p{look.skin * Vec3{1, 0.86f, 0.84f}, 0.15f + 0.3f * look.shine, 0, 1, 1, {}};
  const float turn = 6.2831853f * a,
              folds = bump((b - 0.62f) / 0.16f) * 0.4f + 0.5f * bump(b / 0.4f) * ramp(-0.6f, 0.6f, std::cos(turn));
  p.open = 1 - std::min(0.8f, folds);
  return p;
}

Paint paint_body(const Scene& s, float angle, float y) {
  const Look& look = *s.look;
  const float collar = look.collar - look.neckline * std::max(0.0f, std::cos(angle));
  if (y < collar) {
    const bool shirt = look.cloth_kind == 4 && std::abs(angle) < 0.06f * (y + 24);
    if (!shirt) return paint_cloth(look, angle, y, look.cloth, look.cloth2, look.cloth_kind);
    const bool tie = look.neckline < 1 && std::abs(angle) < 0.1f;
    return paint_cloth(look, angle, y, tie ? look.frame_color : look.cloth2, look.cloth, 0);
  }
  Paint p{look.skin * look.neck_tone, 0.1f + 0.2f * look.shine, 0, 1, 1, {}};
  const float sinew = std::max(bump((std::abs(angle) - 0.45f - 0.03f * (y + 14)) / 0.16f), 0.6f * bump(angle / 0.16f));
  p.open = (1 - 0.12f * sinew) * (1 - 0.3f * bump((y - collar) / 0.5f));
  return p;
}

/// Three folds that open over the mouth, or one seam down its middle.
Paint paint_mask(const Look& look, float a, float b) {
  Paint p = paint_cloth(look, 0.5f * a, 4 * b, look.mask.color, look.mask.color, 0);
  float dark = 0.25f * ramp(0.05f, 0, std::min(b, 1 - b));
  if (look.mask.kind == MaskKind::pleated) {
    const float fold = 3 * (b - 0.18f) / 0.64f, part = fold - std::floor(fold);
    if (fold > 0 && fold < 3) {
      dark += 0.35f * ramp(0.2f, 0, part);
      p.bend.y += 0.35f * (part - 0.5f);
    }
  } else {
    dark += 0.2f * bump(a / 0.04f);
  }
  p.open = 1 - dark;
  return p;
}

Vec3 through_lens(const Look& look, Vec3 behind, float height) {
  const float up = height - 1;  // 0 … 1
  if (look.glasses == 3)
    return mix(behind * 0.1f, look.sky_color * (0.1f + 0.35f * up * up), 0.5f) + look.frame_color * 0.1f;
  // A clear lens: a little sky in its upper part.
  return mix(behind * 0.96f, look.sky_color + look.key_color * 0.4f,
             0.04f + 0.22f * look.shine * bump((up - 0.8f) / 0.5f));
}

}  // namespace

Vec3 shade(const Scene& s, const Fragment& f) {
  const Look& look = *s.look;
  Paint paint;
  switch (f.material) {
    case Material::skin:
      paint = paint_skin(s, f.a, f.b);
      // Under a hat's edge or a fringe it is darker.
      if (look.headwear != Headwear::none)
        paint.open *= 1 - 0.45f * bump((f.b - look.hat_line) / 2.2f);
      else if (look.style == HairStyle::fringe)
        paint.open *= 1 - 0.35f * bump((f.b - look.hairline) / 1.8f);
      break;
    case Material::ear:
      paint = paint_ear(s, f.a, f.b);
      break;
    case Material::body:
      paint = paint_body(s, f.a, f.b);
      break;
    case Material::hair:
      paint = paint_hair(look, f.a, f.b);
      break;
    case Material::hat:
      paint = paint_cloth(look, f.a, f.b, look.cloth2, look.cloth, look.cloth_kind == 1 ? 1 : 0);
      break;
    case Material::frame:
      paint = {look.frame_color, 0.8f, 0.3f, 1, 0, {}};
      break;
    case Material::mask:
      paint = paint_mask(look, f.a, f.b);
      break;
    case Material::lens:
    case Material::none:
      return {};
  }
  float light = f.light;
  // Leaves, a brim, a window's bars before the light.
  if (look.dapple > 0 && f.material == Material::skin)
    light *= 1 - look.dapple *
                     ramp(-0.05f, 0.12f, noise(look.dapple_scale * f.a, look.dapple_scale * f.b, look.noise_seed + 40));
  Vec3 color = lit(look, s.half, paint, f.normal, light, f.open);
  if (f.lens > 0) color = through_lens(look, color, f.lens);
  return color;
}

}  // namespace lineament::synthetic
