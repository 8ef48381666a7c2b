// A picture in memory: 8-bit RGB, rows from top to bottom.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/image/view.hpp"

namespace LINEAMENT_API lineament {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0;
  friend constexpr bool operator==(Color, Color) = default;
};

/// Owning HxWx3 image. Pixel (x, y) has its centre at the coordinates (x, y).
class Image {
 public:
  static constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 34;  ///< 16 gigapixels: more is a mistake

  Image() = default;
  /// Throws ArgumentError for a side below 0, and for more than kMostPixels; without any pixel if one is 0.
  Image(int width, int height, Color fill = {}) : width_(width), height_(height) {
    if (width < 0 || height < 0)
      throw ArgumentError({"image", "its size makes no sense", "a width and height of 0 or more",
                           std::to_string(width) + " x " + std::to_string(height), ""});
    if (static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) > kMostPixels)
      throw ArgumentError({"image", "it is too large", "at most " + std::to_string(kMostPixels) + " pixels",
                           std::to_string(width) + " x " + std::to_string(height), ""});
    pixels_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    for (std::size_t i = 0; i < pixels_.size(); i += 3) {
      pixels_[i] = fill.r;
      pixels_[i + 1] = fill.g;
      pixels_[i + 2] = fill.b;
    }
  }

  /// Good as long as the image is, and its size stays.
  operator ImageView() const noexcept { return {.data = pixels_.data(), .width = width_, .height = height_}; }

  int width() const noexcept { return width_; }
  int height() const noexcept { return height_; }
  bool empty() const noexcept { return pixels_.empty(); }

  /// width*height*3 bytes: r,g,b of each pixel, row by row.
  std::span<std::uint8_t> pixels() noexcept { return pixels_; }
  std::span<const std::uint8_t> pixels() const noexcept { return pixels_; }
  std::uint8_t* row(int y) noexcept { return pixels_.data() + offset(0, y); }
  const std::uint8_t* row(int y) const noexcept { return pixels_.data() + offset(0, y); }

  Color at(int x, int y) const noexcept {
    const std::uint8_t* p = pixels_.data() + offset(x, y);
    return {p[0], p[1], p[2]};
  }
  void set(int x, int y, Color c) noexcept {
    std::uint8_t* p = pixels_.data() + offset(x, y);
    p[0] = c.r;
    p[1] = c.g;
    p[2] = c.b;
  }

 private:
  std::size_t offset(int x, int y) const noexcept {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)) * 3;
  }

  int width_ = 0;
  int height_ = 0;
  std::vector<std::uint8_t> pixels_;
};

}  // namespace lineament
