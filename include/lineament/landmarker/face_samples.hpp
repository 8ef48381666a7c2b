// Faces as training samples, wherever they come from: what all sources of faces have in common.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/landmarker/kept_face.hpp"
#include "lineament/random.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

class FaceSamples : public SampleSource {
 public:
  std::size_t pixels_per_sample() const override {
    const auto side = static_cast<std::size_t>(preprocessing_.size);
    return side * side * 3;
  }
  std::size_t values_per_sample() const override { return static_cast<std::size_t>(scheme_.values()); }

  /// A face as it is kept; may have to be read or drawn, and throws what that throws.
  virtual KeptFace face(std::size_t i) const = 0;
  virtual std::string name(std::size_t i) const = 0;  ///< The photo's path, or "drawn 17".
  virtual PhotoPrint print(std::size_t i) const = 0;  ///< Of its photo; drawn faces have none.
  virtual float side(std::size_t i) const = 0;        ///< The box's larger one, in pixels of the photo.

  /// Whether faces are in memory, so that nothing has to be read or drawn for a sample: one loader thread is enough.
  virtual bool at_hand() const { return false; }
  /// What was found unusable so far, and is left out or replaced.
  virtual std::vector<Rejected> rejected() const { return {}; }
  /// Appends what tells this sample from others: digests of its photo or record, points. Nothing for a drawn face,
  /// which the options tell.
  virtual void identify(std::size_t, std::vector<std::uint8_t>&) const {}

  const AugmentOptions& augment() const { return augment_; }
  /// From the next sample on. Not while others ask for samples: fit() does until it returns.
  void set_augment(const AugmentOptions& augment) { augment_ = augment; }
  const Preprocessing& preprocessing() const { return preprocessing_; }
  const Scheme& scheme() const { return scheme_; }

 protected:
  FaceSamples() = default;
  explicit FaceSamples(const StoreOptions& options)
      : preprocessing_(options.preprocessing), augment_(options.augment), scheme_(options.scheme) {}

  /// The one way from a kept face to a sample.
  void prepare_kept(const KeptFace& face, Random random, bool augmented, const Sample& to) const {
    prepare_sample(face.image, face.points, face.box, preprocessing_, augmented ? augment_ : scaled({}, 0), random,
                   {to.pixels, to.values, to.weights}, scheme_);
  }

 private:
  Preprocessing preprocessing_;
  AugmentOptions augment_;
  Scheme scheme_ = ibug_68();
};

}  // namespace lineament
