// The head's surface; see head.hpp.
#include "head.hpp"

#include <span>

namespace lineament::synthetic {
namespace {

struct Knot {
  float y, v;
};

/// Smooth curve through the knots (cubic Hermite, slopes limited to half-way averages), knots from top to bottom.
float interpolate(std::span<const Knot> k, float y) {
  const std::size_t n = k.size();
  if (y >= k[0].y) return k[0].v;
  if (y <= k[n - 1].y) return k[n - 1].v;
  std::size_t i = 0;
  while (y < k[i + 1].y) ++i;
  const auto slope = [&](std::size_t a) { return (k[a + 1].v - k[a].v) / (k[a + 1].y - k[a].y); };
  const float here = slope(i), h = k[i + 1].y - k[i].y, t = (y - k[i].y) / h;
  const float m0 = i > 0 ? 0.5f * (slope(i - 1) + here) : here, m1 = i + 2 < n ? 0.5f * (slope(i + 1) + here) : here;
  const float t2 = t * t, t3 = t2 * t;
  return k[i].v * (2 * t3 - 3 * t2 + 1) + m0 * h * (t3 - 2 * t2 + t) + k[i + 1].v * (3 * t2 - 2 * t3) +
         m1 * h * (t3 - t2);
}

// An average head, by level. Levels are stretched to the person's own crown, nose, mouth and chin.
constexpr Knot kWidth[] = {{11, 0},        {10.6f, 2.6f},  {9.8f, 4.6f}, {8, 6.4f},      {6, 7.1f},   {4, 7.35f},
                           {2, 7.35f},     {0, 7.2f},      {-2, 7.05f},  {-4, 6.75f},    {-6, 6.25f}, {-7.5f, 5.6f},
                           {-8.9f, 4.65f}, {-10.1f, 3.5f}, {-11, 2.25f}, {-11.5f, 1.2f}, {-11.7f, 0}};
constexpr Knot kOutline[] = {{11, -1},       {8, -1},     {6, 0},        {3, 1.2f},     {0, 1.7f},
                             {-2, 1.6f},     {-4, 1.6f},  {-6, 1.8f},    {-7.5f, 2.6f}, {-8.9f, 4},
                             {-10.1f, 5.5f}, {-11, 6.9f}, {-11.7f, 7.8f}};
constexpr Knot kFront[] = {{11, -1},      {10.6f, 2},   {9.8f, 4.4f}, {8, 7.1f},      {6, 8.5f},       {4, 9.2f},
                           {2, 9.4f},     {0.5f, 9.1f}, {-1, 8.9f},   {-3, 8.9f},     {-4.75f, 9.15f}, {-6.7f, 9.1f},
                           {-8.5f, 8.8f}, {-10, 9.1f},  {-11, 9.1f},  {-11.5f, 8.7f}, {-11.7f, 7.8f}};
constexpr Knot kBack[] = {{11, 0}, {10.6f, 3}, {9.8f, 5}, {8, 7.2f},  {5, 9},        {2, 9.5f},
                          {-1, 9}, {-4, 7},    {-6, 5},   {-7.5f, 2}, {-8.9f, 0.5f}, {-11.7f, 0}};

}  // namespace

Head::Head(const Identity& who, const Expression& how)
    : identity_(who),
      expression_(how),
      features_(make_features(who, how)),
      top_(who.crown),
      chin_(who.chin - how.jaw),
      flat_(0.25f * (who.roundness - 2)) {
  // Person's level -> average level, piecewise linear between the named ones.
  const Knot levels[] = {{who.crown, 11}, {0, 0}, {who.nose_base, -4.75f}, {who.mouth_y, -6.7f}, {who.chin, -11.7f}};
  const auto average = [&](float y) {
    std::size_t i = 0;
    while (i + 2 < std::size(levels) && y < levels[i + 1].y) ++i;
    return mix(levels[i].v, levels[i + 1].v, (y - levels[i].y) / (levels[i + 1].y - levels[i].y));
  };
  for (int r = 0; r < kRows; ++r) {
    const float y = mix(top_, chin_, static_cast<float>(r) / (kRows - 1));
    // The jaw turns about its joint: the outline's back corner stays, the chin drops by all of `jaw`.
    const float stretch = (who.chin - how.jaw + 3) / (who.chin + 3);
    const float outline_y = average(y > -3 ? y : -3 + (y + 3) / stretch);
    const float lip = who.mouth_y + 0.3f;
    const float front_stretch = (who.chin - how.jaw - lip) / (who.chin - lip);
    const float front_y = average(y > lip ? y : lip + (y - lip) / front_stretch);
    const float jawness = ramp(-2, -7.5f, outline_y), chinness = ramp(-8.5f, -10.8f, outline_y);
    float w = interpolate(kWidth, outline_y) * who.face_width * mix(1, who.jaw_width, jawness) *
              mix(1, who.chin_width, chinness);
    w += 0.35f * who.fatness * bump((outline_y + 6.5f) / 4);
    Section& s = table_[static_cast<std::size_t>(r)];
    s.width = square(std::max(w, 0.0f));
    s.outline = interpolate(kOutline, outline_y) - 0.25f * how.jaw * jawness;
    s.front = interpolate(kFront, front_y) + who.chin_out * ramp(-7.5f, -10.5f, front_y) -
              0.25f * how.jaw * ramp(-6.5f, -11, front_y) - who.forehead_slope * ramp(2, 9, front_y);
    s.back = interpolate(kBack, outline_y);
  }
}

Section Head::section(float y) const {
  const float at = std::clamp((top_ - y) / (top_ - chin_), 0.0f, 1.0f) * (kRows - 1);
  const int i = std::min(static_cast<int>(at), kRows - 2);
  const Section &a = table_[static_cast<std::size_t>(i)], &b = table_[static_cast<std::size_t>(i) + 1];
  const float t = at - static_cast<float>(i);
  return {std::sqrt(mix(a.width, b.width, t)), mix(a.outline, b.outline, t), mix(a.front, b.front, t),
          mix(a.back, b.back, t)};
}

float Head::depth(float x, float y, const Section& s) const {
  const float across2 = s.width > 1e-4f ? std::min(square(x / s.width), 1.0f) : 1.0f;
  const float round = std::sqrt(std::max(0.0f, 1 - across2 * (1 - flat_ + flat_ * across2)));
  const float base = s.outline + (s.front - s.outline) * round;
  return base + relief(x, y) * clamp01((1 - across2) * 3);
}

Vec3 Head::front(float across, float y) const {
  const Section s = section(y);
  return {across * s.width, y, depth(across * s.width, y, s)};
}

Vec3 Head::back(float angle, float y) const {
  const Section s = section(y);
  return {s.width * std::cos(angle), y, s.outline - s.back * std::sin(angle)};
}

float Head::relief(float x, float y) const {
  const float m = std::abs(x);
  const Identity& who = identity_;
  const Eye& eye = features_.eye[x < 0 ? 0 : 1];
  const Brow& brow = features_.brow[x < 0 ? 0 : 1];
  float d = features_.nose.depth(x, y);
  if (y > -5) {
    d += who.brow_ridge * bump((m - 2.8f) / 3.4f, (y - brow.y + 0.3f) / 1.3f);
    d += 0.9f * bump((m - 6.2f) / 2.2f, (y - 1.6f) / 1.8f);  // the socket's outer rim
    d -= 0.85f * who.eye_depth * bump((m - 2.7f) / 2.5f, (y - 0.2f) / 1.9f);
    d += 0.6f * bump((m - eye.x) / (eye.half + 0.5f), (y - 0.05f) / 1.25f);
    d -= 0.45f * bump((m - 1.9f) / 1.3f, y / 1.3f);  // the inner corner
    // The lid's fold, and the bag under the eye, deeper with age.
    d -= 0.12f * bump((m - eye.x) / (eye.half + 0.4f), (y - 0.95f) / 0.35f);
    d += 0.18f * who.age * bump((m - eye.x + 0.2f) / 1.5f, (y + 1.15f) / 0.5f);
    d += 0.1f * expression_.frown * bump((m - 0.8f) / 0.5f, (y - 1.8f) / 1.2f);
  }
  d += who.cheekbone * bump((m - 4.6f) / 2.7f, (y + 2.2f) / 2.6f);
  if (y < -2) d += lower_face(x, y);
  return d;
}

float Head::lower_face(float x, float y) const {
  const float m = std::abs(x);
  const Mouth& mouth = features_.mouth;
  const float smile = std::max(0.0f, expression_.smile[x < 0 ? 0 : 1]);
  float d = 0.5f * identity_.fatness * bump((m - 4.0f) / 2.6f, (y + 6.2f) / 3.2f);
  d += 0.55f * smile * bump((m - 3.5f) / 1.9f, (y + 3.6f) / 1.8f);  // the cheek's apple
  d -= 0.5f * bump((m - 4) / 2.2f, (y + 9.2f) / 2);                 // between chin and the jaw's corner
  // The fold from nose to mouth corner.
  const float fold_x = mix(1.9f, 3.2f + 0.3f * smile, clamp01((-3.8f - y) / 3.2f));
  d -= (0.1f + 0.15f * identity_.age + 0.2f * smile) * bump((m - fold_x) / 0.55f, (y + 5.4f) / 2.2f);
  // The teeth's arch below the lips: the corners lie far behind the middle.
  d += 0.2f * bump(x / 3.4f, (y - mouth.y) / 2.4f) - bump((m - 3) / 2.6f, (y - mouth.y) / 2.4f);
  d += 0.6f * bump(x / 1.6f, (y - identity_.nose_base + 0.25f) / 1.1f);                 // the foot of the nose
  d -= 0.12f * bump(x / 0.45f, (y - mix(identity_.nose_base, mouth.y, 0.45f)) / 0.8f);  // philtrum
  const float t = mouth.t(x);
  if (std::abs(t) < 1.1f) {
    const float fade = root2(1.1f - std::abs(t)) * identity_.lip_out;
    const float iu = mouth.inner_up(t), il = mouth.inner_low(t), ou = mouth.outer_up(t), ol = mouth.outer_low(t);
    d += 0.34f * fade * bump((y - mix(iu, ou, 0.35f)) / (0.35f + 0.8f * (ou - iu)));
    d += 0.65f * fade * bump((y - mix(il, ol, 0.4f)) / (0.3f + 0.8f * (il - ol)));
    d += 0.5f * expression_.pucker * fade * bump((y - mouth.y) / 1.8f);
    d -= 0.3f * identity_.lip_out * bump(x / 2.4f, (y - mouth.outer_low(0) + 0.75f) / 0.75f);  // under the lip
  }
  d += 0.45f * bump(x / 1.9f, (y - chin_ - 1.5f) / 1.5f);
  return d;
}

}  // namespace lineament::synthetic
