// Faces cut out of their photos once, and written into files that training reads piece by piece (face_shards.hpp).
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/kept_face.hpp"

namespace LINEAMENT_API lineament {

struct PackOptions {
  /// Crop, region, detail, box, scheme, limits, threads and progress. Augmentation is for training, and jitter for
  /// measuring: none of them is packed.
  StoreOptions store{};
  /// Of JPEG, 91 to 100: with colours at full resolution. 0: pixels as they are, seven times as large, and the samples
  /// are those of FaceStore to the bit. Why 95: see docs/decisions/028-shards.md.
  int quality = 95;
  /// Bytes of a shard at most, 64 KB to 1 GB; packing holds one in memory. One sample may be more.
  std::uint64_t shard_bytes = std::uint64_t{64} << 20;
  /// Of the order of photos in the pack, so that neighbours in it are no neighbours in the data.
  std::uint64_t seed = 1;
};

struct PackResult {
  std::size_t samples = 0, shards = 0;
  std::size_t found = 0;             ///< of the shards: finished by an earlier call
  std::uint64_t bytes = 0;           ///< of all shards
  std::vector<Rejected> rejected{};  ///< all that could not be packed, by earlier calls, too
};

/// Packs faces into the folder, which is made. A call that was ended by whatever means is gone on with by one with the
/// same faces and options (threads may be others), to the same bytes: finished shards stay. `store.progress` is told
/// (done, total) in faces, from the calling thread.
/// Throws ArgumentError for options out of range, a folder with a pack of other faces or options, one with other files
/// named as shards, or one that another call is writing to; FormatError where no face can be used; FileError where the
/// folder cannot be written; and what the progress callback throws.
PackResult pack_faces(const std::filesystem::path& folder, std::span<const Face> faces,
                      const PackOptions& options = {});

/// The same with drawn faces 0 … count - 1 of `seed`.
PackResult pack_drawn(const std::filesystem::path& folder, std::uint64_t seed, std::size_t count,
                      const PackOptions& options = {}, const DrawOptions& drawing = {});

}  // namespace lineament
