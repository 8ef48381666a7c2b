// From a photo to the 68 points of each face in it in five lines, with the models that are part of the library.
// Build: cmake --preset release && cmake --build --preset release
// Run, where photo.jpg is: build/release/examples/07_five_lines
#include <cstdio>
#include <lineament/lineament.hpp>

int main() {
  lineament::Landmarker landmarker;
  const lineament::Image photo = lineament::read_image("photo.jpg");
  for (const lineament::FaceLandmarks& face : landmarker.predict(photo))
    for (const auto& [x, y] : face.points) std::printf("%.2f %.2f\n", double(x), double(y));
}
