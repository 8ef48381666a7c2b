// Points found in a reduced photo are those of the whole one.
#pragma once
#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "lineament/image/photo_file.hpp"
#include "lineament/image/view.hpp"
#include "lineament/landmarker/landmarker.hpp"

namespace lineament {

/// A view that has nothing but the photo's size.
inline ImageView size_alone(const PhotoFile& photo) {
  return {.data = nullptr, .width = photo.size().width, .height = photo.size().height};
}

inline std::vector<Box> boxes_in(const ReducedPhoto& photo, std::span<const Box> boxes) {
  const Affine to_image = photo.to_photo.inverse();
  std::vector<Box> there;
  for (const Box& box : boxes) there.push_back(moved(box, to_image));
  return there;
}

/// `boxes` are those that were given, in pixels of the whole photo.
inline void to_whole_photo(const ReducedPhoto& photo, std::span<const Box> boxes, std::span<FaceLandmarks> faces) {
  for (std::size_t i = 0; i < faces.size(); ++i) {
    FaceLandmarks& face = faces[i];
    face.box = boxes[i];
    face.crop_to_image = photo.to_photo * face.crop_to_image;
    for (Point& p : face.points) p = photo.to_photo(p);
    for (float& s : face.spread) s *= static_cast<float>(photo.reduced);
  }
}

/// The least number of the photo's pixels, across, that make one of a face's crop.
inline float least_step(std::span<const FaceLandmarks> faces) {
  float least = std::numeric_limits<float>::max();
  for (const FaceLandmarks& face : faces) least = std::min(least, face.crop_to_image.a);
  return least;
}

}  // namespace lineament
