#include "lineament/version.hpp"

namespace lineament {

std::string_view version() {
  return LINEAMENT_VERSION;
}

}  // namespace lineament
