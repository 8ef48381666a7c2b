// How a drawn person moves: pose and expression as smooth functions of time.
#pragma once
#include "person.hpp"

namespace lineament::synthetic {

/// Difference to the person at rest in the middle of the picture.
struct Moment {
  float yaw = 0, pitch = 0, roll = 0;  ///< radians
  float shift_x = 0, shift_y = 0;      ///< of the head / side of the picture
  float closer = 0;                    ///< of the camera's distance
  float lids = 0;                      ///< 0 as they are, 1 closed
  float mouth = 0;                     ///< 0 as it is, 1 as far open as speech goes
  float brows = 0;                     ///< cm
  float activity = 0;                  ///< DrawnFilmFrame::activity
};

/// `room`: how far the face may go from the picture's middle / side of the picture.
Moment moment_of_film(std::uint64_t seed, double seconds, float motion, float room);

}  // namespace lineament::synthetic
