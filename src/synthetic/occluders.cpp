// Hands, microphones, cups and straps before the face.
#include "shade.hpp"
#include "stroke.hpp"

namespace lineament::synthetic {
namespace {

struct Canvas {
  std::span<Vec3> color;
  int size;
  const Look* look;
  float unit;  ///< pixels: the larger side of the face

  void bar(Point a, Point b, float radius, Vec3 paint) const {
    draw_bar(color, size, {a, b, radius * unit, paint}, *look);
  }
};

Point turned(float angle) {
  return {std::cos(angle), std::sin(angle)};
}
Point aside(Point p) {
  return {-p.y, p.x};
}

/// Fingers side by side, bent a little at the joint, on a palm or without one, and often a thumb.
void draw_hand(const Canvas& canvas, Point tip, Random& random) {
  const float angle = random.uniform(0.35f, 2.8f), thick = random.uniform(0.035f, 0.052f);  // from below
  const Point along = turned(angle), across = aside(along);
  const float bend = random.uniform(-0.6f, 0.6f);
  const int fingers = 1 + static_cast<int>(random.below(4));
  const Vec3 skin = canvas.look->skin * random.uniform(0.8f, 1.1f);
  const float u = canvas.unit, reach = random.uniform(0.16f, 0.26f);
  const Point root = tip + along * (u * 2 * reach);
  canvas.bar(root + across * (u * thick), root + along * (u * 0.4f) + across * (u * thick), 2.4f * thick, skin * 0.9f);
  for (int f = 0; f < fingers; ++f) {
    const float place = 2.05f * thick * u * (static_cast<float>(f) - 0.5f * static_cast<float>(fingers - 1));
    const Point start = tip + across * place + along * (u * random.uniform(0, 0.07f));
    const Point joint = start + turned(angle + bend) * (u * reach);
    // A dark seam between fingers, then the finger.
    canvas.bar(joint, root + across * (1.1f * place), 1.12f * thick, skin * 0.55f);
    canvas.bar(start, joint, 1.12f * thick, skin * 0.55f);
    canvas.bar(joint, root + across * (1.1f * place), thick, skin * 0.97f);
    canvas.bar(start, joint, 0.94f * thick, skin);
  }
  if (random.chance(0.6f)) {
    const float side = random.chance(0.5f) ? 1.0f : -1.0f;
    const Point thumb = root + across * (side * u * 2.5f * thick);
    canvas.bar(thumb, thumb - turned(angle - 0.6f * side) * (u * 0.2f), 1.15f * thick, skin);
  }
}

void draw_microphone(const Canvas& canvas, Point near, Vec3 paint, Random& random) {
  const float radius = random.uniform(0.05f, 0.11f), angle = random.uniform(0.5f, 2.6f);
  const Point handle = near + turned(angle) * (canvas.unit * 0.9f);
  canvas.bar(near, handle, 0.55f * radius, paint * 0.6f);
  canvas.bar(near, near + turned(angle) * (canvas.unit * 0.05f), radius, paint);
}

/// A cup, a phone, a bottle: a thick bar; or a thin one: a strap, a straw, a rail.
void draw_thing(const Canvas& canvas, Point near, Vec3 paint, Random& random) {
  const bool thin = random.chance(0.4f);
  const Point along = turned(random.uniform(0, 6.2831853f));
  const float length = thin ? random.uniform(0.4f, 1.5f) : random.uniform(0.1f, 0.4f);
  canvas.bar(near, near + along * (canvas.unit * length),
             thin ? random.uniform(0.01f, 0.03f) : random.uniform(0.06f, 0.16f), paint);
}

/// A scarf, a collar, a blanket: cloth that comes up from below to the chin or the mouth.
void draw_cloth(const Canvas& canvas, const Landmarks& points, Vec3 paint, Random& random) {
  const Point low = points[8], across = (points[12] - points[4]) * random.uniform(0.5f, 0.9f);
  const Point middle = low + (points[57] - low) * random.uniform(-0.3f, 0.9f);
  const Point sag = (low - points[57]) * random.uniform(-0.2f, 0.4f);
  const float radius = random.uniform(0.2f, 0.4f);
  const Point lower = (low - points[33]) * (radius * canvas.unit / std::max(distance(low, points[33]), 1.0f));
  canvas.bar(middle - across + lower - sag, middle + lower, radius, paint);
  canvas.bar(middle + lower, middle + across + lower - sag, radius, paint * random.uniform(0.85f, 1));
}

}  // namespace

void draw_occluders(std::span<Vec3> color, int size, const Person& person, const Landmarks& points, Random& random) {
  const Canvas canvas{color, size, &person.look, person.pose.face * static_cast<float>(size)};
  for (int k = 0; k < person.look.occluders; ++k) {
    // Mostly at the mouth and the jaw: that is where hands and things are.
    const bool mouth = random.chance(0.35f);
    const Point aside{random.normal(0, 0.06f), random.normal(0, 0.06f)};
    const Point near = (mouth ? points[48 + random.below(20)] : points[random.below(17)]) + aside * canvas.unit;
    const float level = square(random.uniform(0.05f, 0.95f)), kind = random.uniform();
    const float colourful = random.uniform();
    const Vec3 paint = mix(Vec3{1, 1, 1}, {random.uniform(), random.uniform(), random.uniform()}, colourful) * level;
    if (kind < 0.55f)
      draw_hand(canvas, near, random);
    else if (kind < 0.7f)
      draw_microphone(canvas, near, paint, random);
    else if (kind < 0.82f)
      draw_cloth(canvas, points, paint, random);
    else
      draw_thing(canvas, near, paint, random);
  }
}

}  // namespace lineament::synthetic
