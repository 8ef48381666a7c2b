#include "cli/face_measures.hpp"

#include <array>
#include <cmath>

#include "lineament/error.hpp"
#include "lineament/faces/head_pose.hpp"
#include "lineament/faces/openings.hpp"

namespace lineament::cli {

std::vector<std::pair<std::string, float>> measures_of(const Landmarks& points, const Scheme& scheme) {
  if (scheme.name != ibug_68().name) return {};
  try {
    const HeadPose pose = head_pose(points);
    const std::array<float, 2> eyes = eye_opening(points, pose);
    const std::pair<const char*, float> all[]{{"yaw", pose.yaw},      {"pitch", pose.pitch},
                                              {"roll", pose.roll},    {"left_eye", eyes[0]},
                                              {"right_eye", eyes[1]}, {"mouth", mouth_opening(points, pose)}};
    std::vector<std::pair<std::string, float>> measures;
    for (const auto& [name, value] : all)
      if (std::isfinite(value)) measures.emplace_back(name, value);
    return measures;
  } catch (const Error&) {  // points in a heap, as an untrained network finds
    return {};
  }
}

}  // namespace lineament::cli
