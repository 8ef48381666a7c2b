// Paint of eyes, brows and mouth. Edges are the very curves that carry the landmarks.
#include "shade.hpp"

namespace lineament::synthetic {
namespace {

/// 0 … 1 across an edge: 1 where d (cm) is positive.
float inside(float d, float pixel) {
  return clamp01(0.5f + d / std::max(pixel, 0.03f));
}

void paint_ball(const Scene& s, const Eye& eye, float x, float y, float upper, Paint& paint) {
  const Look& look = *s.look;
  const float cx = eye.side * eye.x + eye.gaze_x, cy = eye.line(0) + 0.12f + eye.gaze_y;
  const float r = std::hypot(x - cx, y - cy), iris = 0.64f;
  const float u = eye.u(x);
  // White of the eye: never white, darker and redder towards the corners.
  Vec3 c = Vec3{0.42f, 0.38f, 0.36f} * (1 - 0.35f * u * u);
  c = mix(c, Vec3{0.45f, 0.2f, 0.17f}, 0.8f * ramp(-0.78f, -0.95f, u));
  const float ring = inside(iris - r, s.pixel);
  const float spokes = 1 + 0.3f * noise(9 * std::atan2(y - cy, x - cx), 3 * r, look.noise_seed + 9);
  Vec3 colored = look.iris * spokes * (1 - 0.65f * ramp(0.75f * iris, iris, r));
  colored = mix(colored, Vec3{0.004f, 0.004f, 0.005f}, inside(0.27f - r, s.pixel));
  c = mix(c, colored, ring);
  // The key light and the sky in the wet surface.
  const float hx = cx + 0.2f * std::clamp(look.key_direction.x, -1.0f, 1.0f),
              hy = cy + 0.12f + 0.12f * look.key_direction.y;
  const float spark = bump((x - hx) / 0.15f, (y - hy) / 0.15f);
  c = mix(c, Vec3{1, 1, 1}, 0.9f * spark);
  // The upper lid's shadow.
  const float shadow = 1 - 0.65f * ramp(0.5f, 0, upper - y);
  paint = {c, 0, 0.01f, shadow, 0, {}};
}

}  // namespace

void paint_eye(const Scene& s, const Eye& eye, float x, float y, Paint& paint) {
  const float u = eye.u(x);
  const Look& look = *s.look;
  // Past the outer corner the upper lid's edge and fold run on, as lashes, shadow or paint: the corner that is marked
  // is not the end of what is dark.
  const float reach = 1.3f + look.lid_tail;
  if (u < -1.35f || u > reach + 0.05f) return;
  const float uc = std::clamp(u, -1.0f, 1.0f), past = std::max(0.0f, u - 1), sag = 0.3f * past * eye.half;
  const float upper = eye.upper_y(uc) - sag, lower = eye.lower_y(uc) - sag;
  const float ends = u < 0 ? ramp(-1.3f, -0.95f, u) : ramp(reach, 0.95f, u);
  // Lid: make-up, the fold above it, lines at its edge.
  const float fold =
      eye.line(uc) + eye.upper * eye.shape(uc) + 0.14f + 0.24f * eye.open * (1 - 0.3f * uc * uc) - 2 * sag;
  if (y > lower) {
    const float shadowed = look.makeup * 0.45f * ramp(fold + 0.5f, fold - 0.1f, y) * ends;
    paint.albedo = mix(paint.albedo, look.cloth2 * 0.4f, shadowed);
    const float crease = bump((y - fold) / (0.13f + 0.5f * s.pixel)) * ends * std::min(1.0f, 0.16f / s.pixel);
    paint.open *= 1 - 0.5f * crease;
    paint.gloss *= 1.3f;
  }
  // The lids turn inwards to their edges and shade each other.
  const float edge = std::max(y - upper, lower - y);
  paint.open *= 1 - 0.16f * std::min(look.socket, 2.0f) * ramp(0.5f, 0, edge) * ends;
  if (std::abs(u) <= 1) {
    const float ball = inside(std::min(upper - y, y - lower), s.pixel) * ramp(0, 0.08f, upper - lower);
    if (ball > 0) {
      Paint eyeball;
      paint_ball(s, eye, x, y, upper, eyeball);
      paint.albedo = mix(paint.albedo, eyeball.albedo, ball);
      paint.open = mix(paint.open, eyeball.open, ball);
      paint.gloss *= 1 - ball;
      paint.glint = mix(paint.glint, eyeball.glint, ball);
      paint.scatter *= 1 - ball;
    }
  }
  const float thick = (0.09f + 0.1f * look.lash) * (1 + 0.3f * uc);
  const float lash =
      bump((y - upper - 0.03f) / (thick + 0.6f * s.pixel)) * ends * std::min(1.0f, 1.6f * thick / s.pixel);
  const float lower_lash = bump((y - lower + 0.02f) / (0.06f + 0.6f * s.pixel)) * ends * std::min(1.0f, 0.1f / s.pixel);
  const float dark =
      std::min(1.0f, (0.6f + 0.4f * look.lash) * lash + (0.4f + 0.4f * look.makeup) * lower_lash * ramp(-1, 0, u));
  paint.albedo = mix(paint.albedo, Vec3{0.012f, 0.009f, 0.008f}, dark);
  paint.gloss *= 1 - dark;
}

void paint_brow(const Scene& s, const Brow& brow, float x, float y, Paint& paint) {
  const float u = (brow.side * x - brow.x + 0.25f * brow.frown) / brow.half;
  if (std::abs(u) > 1.2f) return;
  const float uc = std::clamp(u, -1.1f, 1.1f), w = brow.width(uc), middle = brow.y_at(uc) - 0.2f * w;
  const float m = brow.side * x;
  const float strand = noise(5 * m - 3.5f * y, 2.0f * (y + 0.6f * m), s.look->noise_seed + 11);
  const float d = 1 - std::abs(y - middle) / (0.5f * w + 0.05f) + 0.35f * strand;
  const float soft = std::max(0.4f, 0.8f * s.pixel / std::max(w, 0.1f));
  const float hair =
      ramp(-0.5f * soft, soft, d) * ramp(1.12f, 0.95f, std::abs(u)) * (0.72f + 0.25f * std::min(1.0f, brow.thick));
  paint.albedo = mix(paint.albedo, s.look->brow * (1 + 0.4f * strand), clamp01(hair) * s.look->brow_density);
  paint.gloss *= 1 - hair;
  paint.scatter *= 1 - hair;
}

void paint_mouth(const Scene& s, float x, float y, Paint& paint) {
  const Mouth& mouth = s.head->features().mouth;
  const float t = mouth.t(x);
  if (std::abs(t) > 1.3f || y > mouth.y + 3 || y < mouth.inner_low(0) - 2.5f) return;
  const Look& look = *s.look;
  const float tc = std::clamp(t, -1.0f, 1.0f);
  const float ou = mouth.outer_up(tc), ol = mouth.outer_low(tc), iu = mouth.inner_up(tc), il = mouth.inner_low(tc);
  // Shade below the lip and in the corners.
  paint.open *= 1 - 0.3f * bump(x / 2.2f, (y - ol + 0.45f) / 0.55f);
  paint.open *= 1 - 0.4f * bump((std::abs(t) - 1.02f) / 0.12f, (y - mouth.seam(tc)) / 0.4f);
  // The line of the lips runs on into the cheek.
  const float beyond = std::abs(t) - 1;
  if (beyond > 0) {
    const float crease = bump((y - mouth.seam(tc) - 0.5f * beyond) / (0.14f + 0.5f * s.pixel));
    paint.open *= 1 - look.mouth_tail * crease * ramp(0.28f, 0, beyond);
  }
  if (std::abs(t) <= 1) {
    const float lips = inside(std::min(ou - y, y - ol), 1.4f * s.pixel);
    const float streak = noise(9 * x, 0.8f * y, look.noise_seed + 13);
    const Vec3 color = look.lips * ((y > iu ? 0.82f : 1.0f) * (1 + 0.1f * streak));
    paint.albedo = mix(paint.albedo, color, lips);
    paint.gloss = mix(paint.gloss, 0.3f + 0.5f * look.shine, lips);
    paint.bend = paint.bend + Vec3{0, 0.25f * lips * (y > iu ? -1.0f : 0.6f), 0};
  }
  if (std::abs(tc) < Mouth::kInner) {
    const float gap = iu - il, hole = inside(std::min(iu - y, y - il), s.pixel) * ramp(0.02f, 0.12f, gap);
    if (hole > 0) {
      // Upper teeth hang from behind the upper lip, lower ones show in a wide grin, the tongue lies below.
      const float edge = std::max(mouth.y - 0.35f - 0.12f * x * x * 0.25f, il - 0.1f);
      const float show = s.head->expression().part * 0.9f + 0.25f;
      const float upper = inside(y - std::max(edge, iu - show - 0.45f), s.pixel) * ramp(2.6f, 1.9f, std::abs(x));
      const float gaps = 1 - 0.3f * bump((x / 0.8f - std::round(x / 0.8f)) / (0.1f + 0.4f * s.pixel)) *
                                 std::min(1.0f, 0.12f / s.pixel);
      const Vec3 tooth = Vec3{0.8f, 0.76f, 0.68f} * (gaps * (1 - 0.09f * x * x));
      const float tongue = bump(x / 1.7f, (y - il - 0.15f * gap) / (0.2f + 0.35f * gap)) * ramp(0.5f, 1.2f, gap);
      Vec3 in = mix(Vec3{0.035f, 0.01f, 0.01f}, Vec3{0.3f, 0.09f, 0.08f}, tongue);
      in = mix(in, tooth, upper);
      paint.albedo = mix(paint.albedo, in, hole);
      paint.open = mix(paint.open, 0.55f + 0.35f * upper, hole);
      paint.gloss *= 1 - hole;
      paint.glint = mix(paint.glint, 0.1f, hole);
      paint.scatter *= 1 - hole;
    }
  }
  if (std::abs(t) <= 1.02f) {  // the line between closed lips
    const float seam = bump((y - 0.5f * (iu + il)) / (0.09f + 0.6f * s.pixel)) * std::min(1.0f, 0.16f / s.pixel) *
                       ramp(0.5f, 0.1f, iu - il) * ramp(1.02f, 0.9f, std::abs(t));
    paint.albedo = mix(paint.albedo, look.lips * 0.15f, 0.85f * seam);
  }
}

}  // namespace lineament::synthetic
