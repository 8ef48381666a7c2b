// Uses one thing from each of the lower folders of the installed headers, and one that is in the library's object code.
#include <cstdio>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/file.hpp"
#include "lineament/image/image.hpp"
#include "lineament/tensor/shape.hpp"

int main() {
  const lineament::Shape crop{128, 128, 3};
  const lineament::Image image(crop.width(), crop.height());
  lineament::Landmarks points{};
  points[lineament::kRightEyeOuter] = {30, 40};
  const lineament::Box box = lineament::bounding_box(points);
  std::printf("%s %zu %g %gx%g\n", to_string(crop).c_str(), image.pixels().size(),
              static_cast<double>(lineament::inter_ocular(points)), static_cast<double>(box.width),
              static_cast<double>(box.height));
  try {
    lineament::read_file("no such file");
  } catch (const lineament::FileError& error) {
    std::puts(error.what());
    return 0;
  }
  return 1;
}
