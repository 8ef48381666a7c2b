#include "lineament/detector/found_face.hpp"

#include <algorithm>

namespace lineament {

float overlap(const Box& a, const Box& b) {
  const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  if (!(width > 0 && height > 0)) return 0;
  const float both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

std::vector<FoundFace> without_doubles(std::vector<FoundFace> faces, float most) {
  std::stable_sort(faces.begin(), faces.end(),
                   [](const FoundFace& a, const FoundFace& b) { return a.score > b.score; });
  if (faces.size() > kMostFaces) faces.resize(kMostFaces);
  std::vector<FoundFace> kept;
  for (const FoundFace& face : faces)
    if (std::none_of(kept.begin(), kept.end(),
                     [&](const FoundFace& better) { return overlap(better.box, face.box) > most; }))
      kept.push_back(face);
  return kept;
}

}  // namespace lineament
