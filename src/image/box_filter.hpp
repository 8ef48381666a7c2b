// The mean of a picture's pixels over a box as wide and as high as an output pixel.
#pragma once
#include <cstdint>
#include <vector>

#include "image/rgb_rows.hpp"

namespace lineament {

class BoxFilter {
 public:
  /// A box of across x down pixels (below 1: none), for rows of `width` pixels.
  BoxFilter(float across, float down, int width);

  /// How many rows in succession make one.
  int rows() const { return static_cast<int>(rows_near_.size()); }
  /// Row `y` averaged, times 256: 3 * width values. `rows` keeps rows() of them.
  void apply(RgbRows& rows, int y, std::uint16_t* out);

 private:
  std::vector<std::uint16_t> weights_x_, weights_y_;  // [0] the middle pixel's, [k] of those at the distance k
  std::vector<const std::uint8_t*> rows_near_;
  std::vector<const std::uint16_t*> places_near_;
  std::vector<std::uint16_t> padded_;
};

}  // namespace lineament
