// Drawn faces that are drawn when a sample is asked for, by the threads that load batches: however many there are,
// training begins at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "lineament/api.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/face_samples.hpp"
#include "lineament/landmarker/kept_face.hpp"
#include "lineament/random.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

class CropCache;

/// The samples of FaceStore::draw() with the same arguments, to the bit.
class DrawnFaces : public FaceSamples {
 public:
  /// At most `memory` bytes of faces are kept once they are drawn; the others are drawn anew in each epoch. Throws
  /// ArgumentError as FaceStore::draw().
  DrawnFaces(std::uint64_t seed, std::size_t count, const StoreOptions& options = {}, const DrawOptions& drawing = {},
             std::size_t memory = std::size_t{512} << 20);

  std::size_t size() const override { return count_; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override;
  void prepare_truth(std::size_t index, const Sample& to) const override;
  KeptFace face(std::size_t i) const override;
  std::string name(std::size_t i) const override;
  PhotoPrint print(std::size_t) const override { return {}; }
  float side(std::size_t i) const override;
  std::size_t cached_bytes() const;

 private:
  std::shared_ptr<const KeptFace> kept(std::size_t i) const;

  std::uint64_t seed_;
  std::size_t count_;
  StoreOptions options_;
  DrawOptions drawing_;
  std::shared_ptr<CropCache> cache_;
};

}  // namespace lineament
