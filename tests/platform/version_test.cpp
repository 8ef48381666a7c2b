// The headers, the library and CMake name one version.
#include "lineament/version.hpp"

#include <string>

#include "catch.hpp"

namespace lineament {

TEST_CASE("the version is one in the headers, the library and CMake") {
  const std::string numbers = std::to_string(LINEAMENT_VERSION_MAJOR) + "." + std::to_string(LINEAMENT_VERSION_MINOR) +
                              "." + std::to_string(LINEAMENT_VERSION_PATCH);
  CHECK(numbers == LINEAMENT_CMAKE_VERSION);
  CHECK(numbers == LINEAMENT_VERSION);
  CHECK(version() == LINEAMENT_VERSION);
}

}  // namespace lineament
