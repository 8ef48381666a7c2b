// The rows of a part of a picture as 8-bit RGB, halved as often as is wanted, made one by one when they are asked for.
#pragma once
#include <cstdint>
#include <vector>

#include "lineament/image/view.hpp"

namespace lineament {

class RgbRows {
 public:
  /// `picture` is completed (pixel_rows.hpp); the part begins at (x, y) of it.
  RgbRows(const ImageView& picture, int x, int y, int width, int height);

  /// From now on pixels are means of 2 x 2 pixels; an odd last row or column counts twice.
  void halve();
  int width() const { return levels_.back().width; }
  int height() const { return levels_.back().height; }

  /// As many rows in succession are kept at once. To be called once, before the first row().
  void keep(int rows);
  /// width() pixels of row `y`, or of the first or last row if there is none. They stay until a row that many rows away
  /// is asked for.
  const std::uint8_t* row(int y) { return row(levels_.size() - 1, y); }

 private:
  /// Row y is in the slot y modulo the number of slots, if held[slot] is y.
  struct Level {
    int width, height;
    std::vector<int> held{};
    std::vector<std::uint8_t> slots{};
  };

  const std::uint8_t* row(std::size_t level, int y);
  void fill(std::size_t level, int y, std::uint8_t* out);
  void halve_rows(const std::uint8_t* a, const std::uint8_t* b, int width, std::uint8_t* out);

  ImageView picture_;
  int x_, y_;
  std::vector<Level> levels_;
  std::vector<std::uint8_t> sums_;
};

}  // namespace lineament
