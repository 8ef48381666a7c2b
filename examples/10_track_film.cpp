// Follows a face through a film that the library draws itself: its number, and how far it is turned.
//   10_track_film [FRAMES]
#include <cstdio>
#include <stdexcept>

#include "lineament/faces/drawn_film.hpp"
#include "lineament/faces/head_pose.hpp"
#include "lineament/track/tracker.hpp"
#include "number.hpp"

using namespace lineament;

int main(int argc, char** argv) try {
  const int frames = number(argc, argv, 1, 50);
  const FilmOptions film{.size = 256};
  Tracker tracker{Landmarker(), FaceFinder()};
  for (int i = 0; i < frames; ++i) {
    const Image frame = draw_film_frame(7, static_cast<std::uint64_t>(i), film).image;  // or one of a camera: ImageView
    for (const TrackedFace& face : tracker.next(frame, i / film.fps))
      std::printf("frame %3d  face %d  score %.2f  turned by %5.1f degrees\n", i, static_cast<int>(face.id),
                  double(face.face.score.value_or(1)), double(head_pose(face.face.points).yaw));
  }
  return 0;
} catch (const std::invalid_argument&) {  // of a word where a number is due
  std::fputs("usage: 10_track_film [FRAMES]\n", stderr);
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
