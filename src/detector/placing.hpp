// Who stands where in a picture.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "cutout.hpp"
#include "lineament/detector/scenes.hpp"

namespace lineament::detector {

struct Standing {
  std::size_t who;
  Place place;
  SceneFace face;
  float nearness;  ///< who is nearer hides the other
};

/// Some of `people`, at least one, from far to near. Faces, and what is likely to hide them, do not overlap by much.
std::vector<Standing> place_people(std::span<const DrawnCutout> people, const SceneOptions& options, Random& random);

}  // namespace lineament::detector
