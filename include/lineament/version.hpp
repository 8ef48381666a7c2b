// Which version this is. CMake reads the three numbers from here.
#pragma once
#include <string_view>

#include "lineament/api.hpp"

#define LINEAMENT_VERSION_MAJOR 0
#define LINEAMENT_VERSION_MINOR 1
#define LINEAMENT_VERSION_PATCH 0

#define LINEAMENT_TEXT_OF(x) #x
#define LINEAMENT_JOIN_VERSION(a, b, c) LINEAMENT_TEXT_OF(a) "." LINEAMENT_TEXT_OF(b) "." LINEAMENT_TEXT_OF(c)
/// The version of these headers: "0.1.0".
#define LINEAMENT_VERSION \
  LINEAMENT_JOIN_VERSION(LINEAMENT_VERSION_MAJOR, LINEAMENT_VERSION_MINOR, LINEAMENT_VERSION_PATCH)

namespace LINEAMENT_API lineament {

/// The version of the library that the program runs with. A shared one may be newer than the headers.
std::string_view version();

}  // namespace lineament
