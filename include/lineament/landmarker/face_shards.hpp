// Faces that were packed into files (pack_faces.hpp), more than memory holds: read, decoded and checked when a sample
// is asked for, by the threads that load batches.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/augment_options.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/landmarker/face_samples.hpp"
#include "lineament/landmarker/kept_face.hpp"
#include "lineament/random.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

struct ShardOptions {
  AugmentOptions augment{};  ///< For samples asked for with augmentation.
  /// What the network wants, where it is not the pack's: a smaller crop, or one with a smaller margin. A larger one is
  /// not in the shards.
  std::optional<Preprocessing> preprocessing{};
  /// Bytes of decoded faces that are kept. Where all fit, the second epoch decodes none.
  std::size_t memory = std::size_t{512} << 20;
  /// So many shards are shuffled as one (see FaceShards). Part of the order: another number, other bits.
  int window = 8;
  bool verify = false;  ///< Read everything and check it when opening, not only what is asked for.
};

/// What all samples of a pack have in common.
struct PackInfo {
  std::string source;  ///< "photos" or "drawn"
  Preprocessing preprocessing{};
  float region = 0, detail = 0;  ///< see StoreOptions
  std::string box;               ///< "points", "file" or "image": see BoxSource
  int quality = 0;               ///< of JPEG; 0: pixels as they are
  Scheme scheme{};
};

/// Whether this is a folder of shards, or of a pack that is not finished.
bool holds_shards(const std::filesystem::path& folder);

/// **Damage.** Opening reads what each shard says of itself and its index, which have a checksum, and compares sizes: a
/// shard that was cut short, and one whose beginning is damaged, are known then, and what is lost of them is left out
/// and in rejected(). Each sample has a checksum, too, which is compared whenever it is read: opening takes moments
/// whatever the size. A sample that turns out to be damaged is replaced by the next good one, always the same, and is
/// in rejected() from then on.
///
/// **Order.** An epoch takes the shards in an order drawn anew, and shuffles the samples of ShardOptions::window shards
/// as one: files are read once an epoch, and one after the other. With several passes each has an order of its own. The
/// order depends on the epoch's random numbers and the samples alone.
class FaceShards : public FaceSamples {
 public:
  /// Opens folders of shards as one set; files of other names in them do not matter. Throws FileError where a folder
  /// cannot be listed; FormatError where a pack is not finished, nothing in it can be read, or the folder has shards of
  /// another pack; ArgumentError for packs of different kinds, and where they do not fit ShardOptions::preprocessing.
  static FaceShards open(std::span<const std::filesystem::path> folders, const ShardOptions& options = {});
  static FaceShards open(const std::filesystem::path& folder, const ShardOptions& options = {});

  /// Some of the samples, in ascending order of their indices, each once. Files, cache and rejected() are shared.
  /// Throws ArgumentError for an index that there is not.
  FaceShards pick(std::span<const std::size_t> indices) const;

  std::size_t size() const override;
  bool weighted() const override;
  /// Throws FormatError where a thousand samples in a row cannot be read.
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override;
  void shuffle_epoch(std::span<std::size_t> order, Random random) const override;

  KeptFace face(std::size_t i) const override;
  std::string name(std::size_t i) const override;
  PhotoPrint print(std::size_t i) const override;
  float side(std::size_t i) const override;
  std::vector<Rejected> rejected() const override;
  void identify(std::size_t i, std::vector<std::uint8_t>& bytes) const override;
  /// What Face::photo was, the same for photos with the same bytes: for split_photo_ids().
  std::vector<std::string> photos() const;
  std::uint64_t checksum(std::size_t i) const;  ///< Of all that is stored of the sample.
  std::size_t shard(std::size_t i) const;       ///< The number of its shard among all that were opened.

  const PackInfo& info() const;
  std::size_t shards() const;
  std::uint64_t file_bytes() const;   ///< Of all shards that were opened.
  std::size_t index_bytes() const;    ///< In memory, for all samples.
  std::size_t cached_bytes() const;   ///< Of decoded faces, at most ShardOptions::memory.
  std::size_t decoded_bytes() const;  ///< Of all samples of this set, if each were decoded: an estimate from a few.

 private:
  struct Files;
  struct Place {
    std::uint32_t shard = 0, at = 0;
  };
  FaceShards(std::shared_ptr<Files> files, std::vector<Place> samples, const StoreOptions& options);
  std::shared_ptr<const KeptFace> kept(std::size_t index) const;

  std::shared_ptr<Files> files_;
  std::vector<Place> samples_;  ///< ascending
  std::size_t window_ = 8;
  bool weighted_ = false;
};

}  // namespace lineament
