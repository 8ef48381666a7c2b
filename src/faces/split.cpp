// The split by photo: photos ranked by a hash of their id and the seed.
#include "lineament/faces/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "lineament/error.hpp"
#include "lineament/random.hpp"

namespace lineament {
namespace {

/// FNV-1a, 64 bits: the same on every machine, which std::hash is not.
std::uint64_t hash(const std::string& s) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const char c : s) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return h;
}

struct RankedPhoto {
  std::uint64_t rank;
  std::string id;
  std::vector<std::size_t> faces;
};

std::vector<RankedPhoto> ranked_photos(std::span<const std::string> ids, std::uint64_t seed) {
  std::map<std::string, std::vector<std::size_t>> by_id;
  for (std::size_t i = 0; i < ids.size(); ++i) by_id[ids[i]].push_back(i);
  std::vector<RankedPhoto> photos;
  for (auto& [id, members] : by_id) {
    Random random(seed, hash(id));
    const std::uint64_t upper = random.bits();
    photos.push_back({upper << 32 | random.bits(), id, std::move(members)});
  }
  std::sort(photos.begin(), photos.end(),
            [](const RankedPhoto& a, const RankedPhoto& b) { return std::tie(a.rank, a.id) < std::tie(b.rank, b.id); });
  return photos;
}

}  // namespace

Split split_by_photo(const std::vector<Face>& faces, double held_out_fraction, std::uint64_t seed) {
  std::vector<std::string> photos;
  photos.reserve(faces.size());
  for (const Face& face : faces) photos.push_back(face.photo);
  return split_photo_ids(photos, held_out_fraction, seed);
}

Split split_photo_ids(std::span<const std::string> ids, double held_out_fraction, std::uint64_t seed) {
  if (!(held_out_fraction >= 0 && held_out_fraction < 1))
    throw ArgumentError({"split_by_photo", "the held-out fraction is out of range", "0 or more and less than 1",
                         std::to_string(held_out_fraction), "0.1 holds out one face in ten"});
  Split split;
  const std::vector<RankedPhoto> photos = ranked_photos(ids, seed);
  const double wanted = held_out_fraction * static_cast<double>(ids.size());
  bool open = held_out_fraction > 0;
  for (std::size_t i = 0; i < photos.size(); ++i) {
    const double now = static_cast<double>(split.held_out.size());
    const double then = now + static_cast<double>(photos[i].faces.size());
    const bool nearer = std::abs(then - wanted) <= std::abs(now - wanted);
    open = open && i + 1 < photos.size() && (nearer || i == 0);
    auto& side = open ? split.held_out : split.train;
    side.insert(side.end(), photos[i].faces.begin(), photos[i].faces.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

}  // namespace lineament
