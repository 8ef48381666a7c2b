// Landmarker: a photo in, the points of every face in it out, in the model's scheme (68 of ibug-68). The same Spec,
// layers and crop as in training.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/image/view.hpp"
#include "lineament/nn/precision.hpp"

namespace LINEAMENT_API lineament {

struct Model;   // lineament/model/model.hpp
struct Tuning;  // lineament/nn/tuning.hpp

struct LandmarkerOptions {
  int threads = 1;  ///< 0: one for each core
  /// Times the network runs on one face. Each run after the first crops to the points of the one before: a box that is
  /// somewhat off then matters less, for the price of another run.
  int passes = 2;
  Precision precision = Precision::fp32;  ///< int8 needs a model with ranges, as training writes it
  int batch = 8;  ///< faces of one photo that go through the network at once, at most: reading its weights is shared
  bool mirror = false;  ///< average with what is found in the mirrored crop: somewhat better, for twice the time
  /// How faces are found where no box is given; `threads`, `precision` and `tuning` there count for nothing, those
  /// here do. Why a low score: the points' own score tells faces from others better (docs/decisions/025).
  FinderOptions finder{.score = 0.35f};
  std::shared_ptr<const Model> detector{};  ///< that finds them; nullptr: the library's own
  /// Faces that were found are left out where the points' score is below this: they are none. 0 … 1.
  float min_score = 0.5f;
  std::shared_ptr<const Tuning> tuning{};  ///< InferenceOptions::tuning, of the points' network and of what finds faces
};

/// What one call does otherwise than LandmarkerOptions say. Each is as there where it is empty.
struct PredictOptions {
  std::optional<int> passes{};
  std::optional<bool> mirror{};
  std::optional<int> threads{};  ///< the first call with another number sets up networks for it: all are kept
};

struct FaceLandmarks {
  Landmarks points;           ///< pixels of the photo
  Landmarks crop_points;      ///< pixels of the network's crop
  std::vector<float> values;  ///< units of the crop's side, as the network gave them
  Affine crop_to_image;       ///< pixels of the crop -> pixels of the photo
  /// How far each point is expected to be off, pixels of the photo: see spread_of(). Empty where the model does not
  /// say.
  std::vector<float> spread{};
  /// The probability that the crop shows a face, in its place: below 0.5 points mean nothing. Empty where the model
  /// does not say.
  std::optional<float> score{};
  Box box{};                         ///< as it was given, or found: pixels of the photo
  std::optional<float> detection{};  ///< FoundFace::score; empty where the box was given
};

/// Not for several threads at once: one Landmarker a thread. One that was moved from may only be assigned to or
/// destroyed. Those made from one Model share its weights, folded and
/// packed; each has a few MB of its own. The network's memory is set aside once; each pass of `predict` allocates half
/// a dozen buffers for the part of the photo that the crop shows, and frees them.
class Landmarker {
 public:
  /// With the model `compact` that is part of the library (lineament/model/default_models.hpp): no file is needed.
  /// Those made so share its weights.
  Landmarker();
  /// The same. Throws ArgumentError if an option is out of range.
  explicit Landmarker(const LandmarkerOptions& options);
  /// Throws ModelError if the model's first output is not the points of its scheme on a square crop, or
  /// LandmarkerOptions::detector is no detector; ArgumentError if
  /// an option does not fit it. The model may not change while a Landmarker uses it. One that is given as a value, or
  /// as a file, is the Landmarker's own: in int8 its weights are let go of once they are packed.
  explicit Landmarker(std::shared_ptr<const Model> model, const LandmarkerOptions& options = {});
  explicit Landmarker(Model model, const LandmarkerOptions& options = {});
  /// Throws FileError, ModelError or ArgumentError.
  explicit Landmarker(const std::filesystem::path& model, const LandmarkerOptions& options = {});
  ~Landmarker();
  Landmarker(Landmarker&&) noexcept;
  Landmarker& operator=(Landmarker&&) noexcept;

  /// Every face in the photo, the most probable first: found by a FaceFinder (LandmarkerOptions::detector), and left
  /// out where its points are too unsure (LandmarkerOptions::min_score). No face is a result, not an error. Throws
  /// ArgumentError for an empty photo.
  std::vector<FaceLandmarks> predict(const ImageView& photo, const PredictOptions& options = {});
  /// `box` holds the face from brows to chin and ear to ear, in pixels of the photo; of another scheme than the 68
  /// points, its points. Throws ArgumentError for an empty one, and for one that lies outside the photo. For a photo
  /// that is one face: whole_image_face().
  FaceLandmarks predict(const ImageView& photo, const Box& box, const PredictOptions& options = {});
  /// Every box's face, in the boxes' order: the same as one by one but for rounding, and faster.
  std::vector<FaceLandmarks> predict(const ImageView& photo, std::span<const Box> boxes,
                                     const PredictOptions& options = {});

  /// The same of a photo's file: it is decoded no larger than finder and crops need it (reduction_for()), and again,
  /// less reduced, where its faces turn out to be small. All in pixels of the whole photo. Throw FormatError, too.
  std::vector<FaceLandmarks> predict(const PhotoFile& photo, const PredictOptions& options = {});
  std::vector<FaceLandmarks> predict(const PhotoFile& photo, std::span<const Box> boxes,
                                     const PredictOptions& options = {});

  /// The box of a face as the model knows it, for one that a FaceFinder has found: see Model::found_box. What predict()
  /// without a box does by itself.
  Box box_of_found(const Box& found) const;
  /// The box with which the crop is the whole photo: for one that a face fills.
  Box whole_image_face(const ImageView& photo) const;
  Box whole_image_face(const PhotoFile& photo) const;
  int crop_size() const;                  ///< pixels a side of what the network sees
  const std::string& trained_on() const;  ///< Model::trained_on
  const Scheme& scheme() const;           ///< Model::scheme: what the points are

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lineament
