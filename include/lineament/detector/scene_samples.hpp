// Drawn scenes as training samples of a detector.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/cells.hpp"
#include "lineament/detector/scenes.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// The faces of a scene as a detector is to find them: those of which less than four tenths are visible do not count.
std::vector<TrueFace> true_faces(const Scene& scene);

/// `count` samples an epoch, of size x size pixels. Augmented ones are composed anew each time: no two epochs see the
/// same picture. Those that are not augmented are the same `count` pictures of `seed` each time.
class SceneSamples : public SampleSource {
 public:
  /// `scenes` must outlive this object. Throws ArgumentError unless the scenes' side is a multiple of 32.
  SceneSamples(const DrawnScenes& scenes, std::size_t count, std::uint64_t seed);

  std::size_t size() const override { return count_; }
  std::size_t pixels_per_sample() const override;
  std::size_t values_per_sample() const override { return values_; }
  bool weighted() const override { return true; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override;

  /// Sample `index` as it is without augmentation.
  Scene scene(std::size_t index) const;

 private:
  const DrawnScenes& scenes_;
  std::size_t count_, values_;
  std::uint64_t seed_;
};

}  // namespace lineament
