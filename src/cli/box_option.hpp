// --box x,y,width,height.
#pragma once
#include <string>
#include <vector>

#include "lineament/faces/box.hpp"

namespace lineament::cli {

/// Throws ArgumentError for what is no box of a face.
std::vector<Box> parse_boxes(const std::vector<std::string>& given);

}  // namespace lineament::cli
