// What a pack is made of and how, as JSON: the same text, the same pack.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "lineament/faces/face.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/pack_faces.hpp"

namespace lineament::shards {

std::string describe_photos(std::span<const Face> faces, const PackOptions& options);
std::string describe_drawn(std::uint64_t seed, std::size_t count, const DrawOptions& drawing,
                           const PackOptions& options);

/// The first thing in which two descriptions differ. They do.
struct Difference {
  std::string key, first, second;
};
Difference difference(const std::string& first, const std::string& second);

}  // namespace lineament::shards
