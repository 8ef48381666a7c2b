#include "cli/box_option.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "lineament/error.hpp"

namespace lineament::cli {
namespace {

Box parse_box(const std::string& given) {
  Box box;
  char rest = 0;
  if (given.find_first_of("xX") != std::string::npos ||  // 0x10 is a number to C
      std::sscanf(given.c_str(), "%f,%f,%f,%f%c", &box.x, &box.y, &box.width, &box.height, &rest) != 4 ||
      !(box.width > 0) || !(box.height > 0))
    throw ArgumentError(
        {"--box", "not a box", "x,y,width,height with a width and height above 0, e.g. 120,80,200,200", given, ""});
  if (!std::isfinite(box.x + box.y + box.width + box.height) || std::max(box.width, box.height) < 2)
    throw ArgumentError({"--box", "no face is so large or so small",
                         "x,y,width,height in pixels, width or height 2 or more", given,
                         "shares of the photo are multiplied by its width and height"});
  return box;
}

}  // namespace

std::vector<Box> parse_boxes(const std::vector<std::string>& given) {
  std::vector<Box> boxes;
  for (const std::string& box : given) boxes.push_back(parse_box(box));
  return boxes;
}

}  // namespace lineament::cli
