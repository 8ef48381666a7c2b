// Points found where there is no photo would look like any others.
#pragma once
#include <algorithm>
#include <cstdio>
#include <span>
#include <string>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/image/view.hpp"

namespace lineament {

inline void require_not_empty(const ImageView& photo) {
  if (photo.width == 0 || photo.height == 0)
    throw ArgumentError({"photo", "it is empty", "an image with pixels", "none", ""});
  check(photo);
}

/// The part of the box that lies on the photo, 0 … 1.
inline float share_on_photo(const ImageView& photo, const Box& b) {
  const Box all = whole_image(photo.width, photo.height);
  const float across = std::min(b.x + b.width, all.x + all.width) - std::max(b.x, all.x);
  const float down = std::min(b.y + b.height, all.y + all.height) - std::max(b.y, all.y);
  return across > 0 && down > 0 ? across * down / (b.width * b.height) : 0;
}

/// Why a ninth: a face may be cut off at the photo's edge, but no photo shows a part of a head three times its size.
inline bool is_on_photo(const ImageView& photo, const Box& b) {
  return b.width > 0 && b.height > 0 && share_on_photo(photo, b) >= 1.0f / 9;
}

/// Of `photo` only the size counts. Boxes without an area are refused where the crop is made.
inline void require_on_photo(const ImageView& photo, std::span<const Box> boxes) {
  const auto number = [](float v) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", static_cast<double>(v));
    return std::string(digits);
  };
  for (const Box& b : boxes) {
    if (!(b.width > 0 && b.height > 0) || is_on_photo(photo, b)) continue;
    const bool outside = share_on_photo(photo, b) <= 0;
    throw ArgumentError({"box", outside ? "it lies outside the photo" : "most of it lies outside the photo",
                         "a part of 0,0," + std::to_string(photo.width) + "," + std::to_string(photo.height),
                         number(b.x) + "," + number(b.y) + "," + number(b.width) + "," + number(b.height),
                         "give x, y, width, height in pixels of the upright photo"});
  }
}

}  // namespace lineament
