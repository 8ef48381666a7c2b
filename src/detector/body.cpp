// See body.hpp.
#include "body.hpp"

#include <algorithm>
#include <cmath>

#include "lineament/faces/box.hpp"

namespace lineament::detector {
namespace {

float mix(float a, float b, float t) {
  return a + (b - a) * t;
}

}  // namespace

Body::Body(const DrawnCutout& person, float pixel) : pixel_(std::max(pixel, 1.0f)) {
  const int width = person.image.width(), height = person.image.height();
  begin_ = static_cast<float>(height) - 0.5f;
  // A face's points span some 18 cm; hips and feet are where adults have them.
  const Box face = bounding_box(person.points);
  const float cm = std::max(face.width, face.height) / 18;
  hip_ = begin_ + 58 * cm;
  feet_ = begin_ + 138 * cm;
  const auto row = person.cover.end() - width;
  const auto solid = [](int cover) { return cover >= 128; };
  const auto first = std::find_if(row, person.cover.end(), solid);
  if (first == person.cover.end()) return;
  const auto last = std::find_if(person.cover.rbegin(), person.cover.rbegin() + width, solid).base();
  middle_ = 0.5f * static_cast<float>((first - row) + (last - row) - 1);
  half_ = 0.5f * static_cast<float>(last - first);
}

/// Cover of a point so far inside an edge.
float Body::edge(float inside) const {
  return std::clamp(0.5f + inside / pixel_, 0.0f, 1.0f);
}

BodyPaint Body::at(Point p) const {
  if (half_ <= 0 || p.y > feet_ + pixel_) return {};
  const float x = std::abs(p.x - middle_);
  if (p.y < hip_) {  // with the arms at its sides
    const float t = (p.y - begin_) / (hip_ - begin_), half = half_ * (1 - 0.15f * t);
    const float fold = 0.07f * std::sin(9 * t + 4 * (p.x - middle_) / half_);
    const float seam = std::clamp(1.5f - std::abs(x - 0.7f * half) / (0.04f * half_ + 0.5f * pixel_), 0.0f, 1.0f);
    return {edge(half - x), 1 + fold - 0.35f * seam * std::min(4 * t, 1.0f), false};
  }
  const float t = (p.y - hip_) / (feet_ - hip_);
  const bool shoe = t > 0.96f;
  const float from_leg = std::abs(x - half_ * mix(0.38f, 0.32f, t));
  const float half = half_ * (shoe ? 0.24f : mix(0.36f, 0.17f, t));
  const float round = 1 - 0.45f * std::min(from_leg / half, 1.0f);
  return {edge(half - from_leg) * edge(feet_ - p.y), shoe ? 0.3f : round, true};
}

}  // namespace lineament::detector
