// Training and held-out faces, divided by photo: a photo's faces (and its mirrored copy) are never on both sides.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"

namespace LINEAMENT_API lineament {

struct Split {
  std::vector<std::size_t> train, held_out;  ///< indices into the faces, ascending; together each index once
};

/// Photos are put in an order that depends on their ids and `seed` alone and are held out from its start, while that
/// brings the number of held-out faces nearer to held_out_fraction x faces. The order of the faces has no influence. If
/// there are two photos or more and the fraction is not 0, each side gets at least one. Throws ArgumentError if the
/// fraction is not in [0, 1).
Split split_by_photo(const std::vector<Face>& faces, double held_out_fraction, std::uint64_t seed);
/// The same for faces of which nothing but the photo's id is known.
Split split_photo_ids(std::span<const std::string> photos, double held_out_fraction, std::uint64_t seed);

}  // namespace lineament
