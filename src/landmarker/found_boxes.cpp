#include "lineament/landmarker/found_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "lineament/detector/face_finder.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/validate.hpp"
#include "lineament/file.hpp"
#include "lineament/image/photo_file.hpp"

namespace lineament {
namespace {

bool holds(const Box& box, const Point& p) {
  return p.x > box.x && p.y > box.y && p.x < box.x + box.width && p.y < box.y + box.height;
}

/// A photo with what is found in it: faces of one photo follow each other.
struct LookedAt {
  std::filesystem::path name;
  PhotoSize size{};
  std::vector<FoundFace> faces;
};

LookedAt look_at(const std::filesystem::path& name, FaceFinder& finder, const DecodeLimits& limits) {
  LookedAt photo{.name = name, .faces = {}};
  try {
    const std::vector<std::uint8_t> bytes = read_file(name);
    const std::string text = name.string();
    const PhotoFile file(bytes, text, limits);
    photo.size = file.size();
    photo.faces = finder.find(file.decode(finder.reduction(photo.size.width, photo.size.height)));
  } catch (const Error&) {
    photo.faces.clear();  // loading it for training says why
  }
  return photo;
}

}  // namespace

std::optional<BoxFactors> fit_found_box(std::span<const Face> faces, const StoreOptions& options) {
  constexpr std::size_t kMost = 200, kFewest = 8;
  const std::size_t count = std::min(faces.size(), kMost);
  FinderOptions how;
  how.threads = options.threads;
  FaceFinder finder(how);
  LookedAt photo;
  std::vector<Box> theirs, ours;
  for (std::size_t i = 0; i < count; ++i) {
    Face face = faces[i * faces.size() / count];
    if (photo.name != face.image) photo = look_at(face.image, finder, options.limits);
    if (fit_to_photo(face, photo.size, options.scheme)) continue;
    if (photo.faces.empty() || (options.box == BoxSource::file && !face.box)) continue;
    const Box own =
        face_box(options.box, face.points, face.box, photo.size.width, photo.size.height, options.preprocessing);
    const auto away = [&](const FoundFace& f) { return distance(f.box.center(), own.center()); };
    const FoundFace& nearest = *std::min_element(photo.faces.begin(), photo.faces.end(),
                                                 [&](const auto& a, const auto& b) { return away(a) < away(b); });
    if (!holds(nearest.box, own.center()) || !(own.width > 0 && own.height > 0)) continue;
    theirs.push_back(nearest.box);
    ours.push_back(own);
  }
  if (theirs.size() < kFewest || 3 * theirs.size() < count) return std::nullopt;
  return fit_box_factors(theirs, ours);
}

}  // namespace lineament
