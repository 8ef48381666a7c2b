// Crops that show no face, or none in its place: what a network learns from that has to say whether a crop shows a
// face.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "lineament/api.hpp"
#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/kept_face.hpp"
#include "lineament/random.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// Samples without any known point: all weights are 0, and FaceCrossEntropy takes them for no faces. Half are cut from
/// pictures without a face (draw_scene), the others from drawn faces so that the face is out of place: its centre half
/// a box or more beside the crop's, or its size off by a factor of two or more. A network is only asked about crops
/// that its landmarks fit, and says so of these that they do not.
class Negatives : public SampleSource {
 public:
  /// `count` pictures of `seed`, each drawn when a sample is first cut from it, and then kept: training begins at once.
  /// Of `options`, preprocessing, augment and scheme matter. Throws ArgumentError for options out of range.
  static Negatives draw(std::uint64_t seed, std::size_t count, const StoreOptions& options = {},
                        const DrawOptions& drawing = {});

  /// `count` samples, any parts of photos without people. Throws ArgumentError for options out of range, or where there
  /// is no photo.
  static Negatives cut(const Backgrounds& photos, const StoreOptions& options, std::size_t count);

  std::size_t size() const override { return count_; }
  std::size_t pixels_per_sample() const override {
    const auto side = static_cast<std::size_t>(preprocessing_.size);
    return side * side * 3;
  }
  std::size_t values_per_sample() const override { return static_cast<std::size_t>(scheme_.values()); }
  bool weighted() const override { return true; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override;

  std::size_t kept_bytes() const;  ///< Of the pictures drawn so far.

 private:
  struct Pictures;
  Negatives(const StoreOptions& options, std::size_t count, std::shared_ptr<Pictures> pictures);

  Preprocessing preprocessing_;
  AugmentOptions augment_;
  Scheme scheme_;
  std::shared_ptr<Pictures> pictures_;
  std::size_t count_;  ///< of samples
};

}  // namespace lineament
