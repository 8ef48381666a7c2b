// From a photo to 68 points in five lines, with the model that is part of the library.
// Build: cmake --preset release && cmake --build --preset release
// Run, where photo.jpg is a face that fills most of the picture: build/release/examples/07_five_lines
#include <cstdio>
#include <lineament/lineament.hpp>

int main() {
  lineament::Landmarker landmarker;
  const lineament::Image photo = lineament::read_image("photo.jpg");
  for (const auto& [x, y] : landmarker.predict(photo).points) std::printf("%.2f %.2f\n", double(x), double(y));
}
