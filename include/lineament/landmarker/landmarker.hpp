// Landmarker: a photo and a box in, 68 points out. The same Spec, layers and crop as in training.
#pragma once
#include <array>
#include <filesystem>
#include <memory>

#include "lineament/faces/box.hpp"
#include "lineament/image/image.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"

namespace lineament {

struct LandmarkerOptions {
  int threads = 1;
  /// Times the network runs on one face. Each run after the first crops to the points of the one before: a box that is
  /// somewhat off then matters less, for the price of another run.
  int passes = 2;
  KernelChoice kernels = KernelChoice::fast;
  Precision precision = Precision::fp32;  ///< see SessionOptions; int8 needs a model with ranges, as training writes it
};

struct FaceLandmarks {
  Landmarks points;                     ///< pixels of the photo
  Landmarks crop_points;                ///< pixels of the network's crop
  std::array<float, kValues> values{};  ///< units of the crop's side, as the network gave them
  Affine crop_to_image;                 ///< pixels of the crop -> pixels of the photo
};

/// Not for several threads at once: one Landmarker a thread. The network's memory is set aside once; each pass of
/// `predict` allocates half a dozen buffers for the part of the photo that the crop shows, and frees them.
class Landmarker {
 public:
  /// Throws ModelError if the model is not one for 68 points on a square crop; ArgumentError if an option does not fit
  /// it.
  explicit Landmarker(Model model, const LandmarkerOptions& options = {});
  /// Throws FileError, ModelError or ArgumentError.
  explicit Landmarker(const std::filesystem::path& model, const LandmarkerOptions& options = {});
  ~Landmarker();
  Landmarker(Landmarker&&) noexcept;
  Landmarker& operator=(Landmarker&&) noexcept;

  /// `box` holds the face from brows to chin and ear to ear, in pixels of the photo. Throws ArgumentError for an empty
  /// one.
  FaceLandmarks predict(const Image& photo, const Box& box);
  /// One face that fills most of the picture.
  FaceLandmarks predict(const Image& photo);

  const Model& model() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lineament
