// The boxes that dlib's frontal face detector finds (King, "Dlib-ml", JMLR 2009: HOG and a sliding window), as rows
// "photo,x,y,width,height" for box_factors.
#include <dlib/image_processing/frontal_face_detector.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "dlib_pixels.hpp"
#include "lineament/faces/imglab.hpp"

using namespace lineament;

namespace {

void print_boxes(const std::filesystem::path& xml) {
  std::set<std::filesystem::path> photos;
  for (const Face& face : read_imglab(xml).faces) photos.insert(face.image);
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
  std::printf("photo,x,y,width,height\n");
  for (const std::filesystem::path& photo : photos)
    for (const dlib::rectangle& box : detector(pixels_of(photo)))
      std::printf("%s,%ld,%ld,%lu,%lu\n", photo.lexically_relative(xml.parent_path()).c_str(), box.left(), box.top(),
                  box.width(), box.height());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "dlib_boxes PHOTOS.xml: prints the boxes that dlib's detector finds\n");
    return 1;
  }
  try {
    print_boxes(argv[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
