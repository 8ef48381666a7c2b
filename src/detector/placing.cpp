// See placing.hpp. People are placed from the largest to the smallest, each where few others are, and then put in order
// from far to near.
#include "placing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lineament/faces/box.hpp"

namespace lineament::detector {
namespace {

constexpr float kCrowd = 0.3f;    ///< share of the pictures that show one
constexpr float kCutOff = 0.12f;  ///< share of faces that the picture's edge may cut
constexpr int kTries = 12;        ///< places to try for a face

/// Larger sides of the faces' boxes, from the largest.
std::vector<float> draw_sizes(const SceneOptions& o, Random& random) {
  const float all = static_cast<float>(o.size);
  const auto between = [&](float low, float high) { return low * std::pow(high / low, random.uniform()); };
  const int few = std::min(o.most_faces, 3);
  const bool crowd = random.chance(kCrowd) && o.most_faces > few;
  const int count = crowd ? few + 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(o.most_faces - few)))
                          : 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(few)));
  // In a crowd all are about as far away, and small enough to have room.
  const float largest = crowd ? std::max(o.smallest, 0.7f * all / std::sqrt(static_cast<float>(count))) : all;
  const float usual = between(o.smallest, largest);
  std::vector<float> sizes(static_cast<std::size_t>(count));
  for (float& s : sizes) {
    const float alike = std::clamp(usual * std::exp(random.normal(0, 0.15f)), o.smallest, all);
    s = crowd ? alike : between(o.smallest, largest);
  }
  std::sort(sizes.rbegin(), sizes.rend());
  return sizes;
}

float draw_angle(float max_roll, Random& random) {
  const float wide = random.uniform(-max_roll, max_roll), narrow = 6 * std::clamp(random.normal(), -2.5f, 2.5f);
  const float degrees = random.chance(0.2f) ? wide : std::clamp(narrow, -max_roll, max_roll);
  return degrees * (std::numbers::pi_v<float> / 180);
}

Point middle(const Landmarks& p, std::size_t first, std::size_t count) {
  Point sum;
  for (std::size_t i = first; i < first + count; ++i) sum = sum + p[i];
  return sum * (1 / static_cast<float>(count));
}

/// The person turned, mirrored or not, with a face of the size asked for about the picture's corner.
struct Turned {
  Affine to_picture;
  Box box;
  std::array<Point, 2> eyes;
};
Turned turn(const DrawnCutout& person, float side, float max_roll, Random& random) {
  const bool mirrored = random.chance(0.5f);
  const Affine turned = Affine::rotation(draw_angle(max_roll, random)) * Affine::scaling(mirrored ? -1.0f : 1.0f, 1);
  const auto box_under = [&](const Affine& map) {
    Landmarks points = person.points;
    std::transform(points.begin(), points.end(), points.begin(), map);
    return bounding_box(points);
  };
  const Box raw = box_under(turned);
  const float scale = side / std::max(raw.width, raw.height);
  const Point c = raw.center();
  const Affine map = Affine::scaling(scale, scale) * Affine::translation(-c.x, -c.y) * turned;
  const Point left = map(middle(person.points, 36, 6)), right = map(middle(person.points, 42, 6));
  const float w = raw.width * scale, h = raw.height * scale;
  return {map, {-0.5f * w, -0.5f * h, w, h}, {mirrored ? right : left, mirrored ? left : right}};
}

Box moved(Box b, Point by) {
  return {b.x + by.x, b.y + by.y, b.width, b.height};
}
float common(const Box& a, const Box& b) {
  const float w = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const float h = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  return std::max(0.0f, w) * std::max(0.0f, h);
}
float area(const Box& b) {
  return b.width * b.height;
}

/// How much of a face someone hides who stands before it: their head with hair, and their body down from there.
float hidden(const Box& face, const Box& before) {
  const Box head{before.x - 0.2f * before.width, before.y - 0.45f * before.height, 1.4f * before.width,
                 1.5f * before.height};
  const float chin = head.y + head.height;
  const Box body{before.x - 0.6f * before.width, chin, 2.2f * before.width, 8 * before.height};
  return (common(face, head) + common(face, body)) / area(face);
}

/// Large ones are near; of people about as large, those who stand lower.
float nearness(const Box& box, float size) {
  return std::log2(std::max(box.width, box.height)) + 2 * (box.y + box.height) / size;
}

bool is_free(const Box& box, std::span<const Standing> others, float size) {
  constexpr float kMost = 1.0f / 3;
  const float near = nearness(box, size);
  return std::all_of(others.begin(), others.end(), [&](const Standing& other) {
    const Box& theirs = other.face.box;
    if (common(box, theirs) > kMost * std::min(area(box), area(theirs))) return false;
    return (near > other.nearness ? hidden(theirs, box) : hidden(box, theirs)) <= kMost;
  });
}

/// Where the face's centre may be along one axis: all of it inside, or half of it.
float draw_center(float length, float size, bool cut, Random& random) {
  const float room = std::min(cut ? 0.1f * length : 0.5f * length, 0.5f * size);
  return random.uniform(room, size - room) - 0.5f;
}

}  // namespace

std::vector<Standing> place_people(std::span<const DrawnCutout> people, const SceneOptions& options, Random& random) {
  const float size = static_cast<float>(options.size);
  std::vector<Standing> all;
  std::size_t who = random.below(static_cast<std::uint32_t>(people.size()));
  for (const float side : draw_sizes(options, random)) {
    who = (who + 1) % people.size();  // nobody twice, if there are enough
    const Turned turned = turn(people[who], side, options.max_roll, random);
    const bool cut = random.chance(kCutOff);
    for (int k = 0; k < kTries; ++k) {
      const Point to{draw_center(turned.box.width, size, cut, random),
                     draw_center(turned.box.height, size, cut, random)};
      const Box box = moved(turned.box, to);
      if (!is_free(box, all, size)) continue;
      Standing s{who, {}, {box, {turned.eyes[0] + to, turned.eyes[1] + to}, 1}, nearness(box, size)};
      s.place.to_person = (Affine::translation(to.x, to.y) * turned.to_picture).inverse();
      const float light = std::exp(0.12f * std::clamp(random.normal(), -2.0f, 2.0f));
      for (float& g : s.place.gain) g = light * random.uniform(0.95f, 1.05f);
      const float dark = random.uniform(0.1f, 0.6f);
      for (float& v : s.place.legs) v = dark * random.uniform(0.7f, 1);
      all.push_back(s);
      break;
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Standing& a, const Standing& b) { return a.nearness < b.nearness; });
  return all;
}

}  // namespace lineament::detector
