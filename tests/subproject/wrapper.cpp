// What a parent project has of its own.
#include "lineament/lineament.hpp"

lineament::Image blank() {
  return lineament::Image(8, 8);
}
