// Drawn films: one drawn person who rests, talks, blinks and moves before a camera that has noise. The truth of every
// frame is known, so that what follows a face over time can be measured and tested.
#pragma once
#include <cstdint>

#include "lineament/api.hpp"
#include "lineament/faces/synthetic.hpp"

namespace LINEAMENT_API lineament {

struct FilmOptions {
  int size = 256;      ///< side of the square picture in pixels, 32 … 2048
  double fps = 25;     ///< frames a second, 1 … 1000
  float face = 0.42f;  ///< larger side of the points' box at rest as a share of the picture's side, 0.1 … 0.8
  /// Of the camera: deviation of each value of each pixel, grey levels, 0 … 60. why 3: a webcam in a living room.
  float noise = 3;
  /// Scales all that moves: 0 nothing does, the frames differ in noise alone; 1 a lively talker; up to 2.
  float motion = 1;
  float variety = 1;      ///< see DrawOptions
  float accessories = 1;  ///< see DrawOptions; nothing is held before the face
  Backgrounds backgrounds{};
};

struct DrawnFilmFrame {
  Image image;       ///< size x size
  Landmarks points;  ///< as of DrawnFace
  /// 0 while the head is at rest: it still sways by a fraction of a millimetre, as heads do. Up to 1 as it talks,
  /// blinks or moves.
  float activity = 0;
};

/// Frame number `frame` of the endless film that `seed` names: the person of draw_face(seed, 0) with other expressions.
/// Every six seconds they rest for two, talk with small movements of the head for two, and move to four other poses,
/// each in four tenths of a second, for the last two. Blinks come at any time. Frames of films with other `fps` show
/// the same movement at other times. A pure function, as draw_face. Throws ArgumentError if an option is out of range.
DrawnFilmFrame draw_film_frame(std::uint64_t seed, std::uint64_t frame, const FilmOptions& options = {});

}  // namespace lineament
