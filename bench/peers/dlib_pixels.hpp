// A picture of ours as one of dlib's.
#pragma once
#include <dlib/array2d.h>
#include <dlib/pixel.h>

#include <cstring>
#include <filesystem>

#include "lineament/image/file.hpp"
#include "lineament/image/image.hpp"

using DlibPixels = dlib::array2d<dlib::rgb_pixel>;

inline void fill(DlibPixels& pixels, const lineament::Image& image) {
  static_assert(sizeof(dlib::rgb_pixel) == 3);
  pixels.set_size(image.height(), image.width());
  for (int y = 0; y < image.height(); ++y)
    std::memcpy(&pixels[y][0], image.row(y), static_cast<std::size_t>(image.width()) * 3);
}

inline DlibPixels pixels_of(const std::filesystem::path& file) {
  DlibPixels pixels;
  fill(pixels, lineament::read_image(file));
  return pixels;
}
