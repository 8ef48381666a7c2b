// The 68 landmarks of the face that fills a photo, one "x y" a line, in pixels of the photo.
// Build: cmake --preset release && cmake --build --preset release
// Run: build/release/examples/01_predict_photo MODEL.safetensors PHOTO
#include <cstdio>
#include <exception>

#include "lineament/lineament.hpp"

int main(int argc, char** argv) try {
  if (argc != 3) throw lineament::ArgumentError({"01_predict_photo", "it needs two files", "MODEL PHOTO", "", ""});
  lineament::Landmarker landmarker(argv[1]);
  const lineament::Image photo = lineament::read_image(argv[2]);
  // Or predict(photo, box) for a face whose place is known, predict(photo) for every face in a photo.
  const lineament::FaceLandmarks face = landmarker.predict(photo, landmarker.whole_image_face(photo));
  for (const auto& [x, y] : face.points) std::printf("%.2f %.2f\n", double(x), double(y));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
