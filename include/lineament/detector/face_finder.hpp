// FaceFinder: a picture in, the faces in it out.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/found_face.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/photo_file.hpp"
#include "lineament/image/view.hpp"
#include "lineament/nn/precision.hpp"

namespace LINEAMENT_API lineament {

struct Model;   // lineament/model/model.hpp
struct Tuning;  // lineament/nn/tuning.hpp

struct FinderOptions {
  /// Larger side of the smallest face that is looked for, pixels of the picture: time grows with (side / smallest)^2.
  /// 0: a 36th of the picture's larger side, and at least 20. Smaller ones are found, too, but many are missed.
  float smallest = 0;
  float score = 0.5f;                     ///< faces of at least this probability, above 0 and below 1; see kMostFaces
  float overlap = 0.4f;                   ///< of faces that overlap by more than this, only the most probable counts
  int threads = 1;                        ///< 0: one for each core
  Precision precision = Precision::fp32;  ///< int8 needs a model with ranges, as training writes it
  /// InferenceOptions::tuning. It knows the sizes of pictures that it was made for: each is a network of its own.
  std::shared_ptr<const Tuning> tuning{};
};

/// Throws ArgumentError if an option is out of range.
void check(const FinderOptions& options);

/// Not for several threads at once: one FaceFinder a thread. One that was moved from may only be assigned to or
/// destroyed. The networks' memory for the last few sizes of pictures is
/// kept: of pictures of one size, as of a film, only the first sets it aside.
class FaceFinder {
 public:
  /// With the model that is part of the library (lineament/model/default_models.hpp): no file is needed.
  FaceFinder();
  /// The same. Throws ArgumentError if an option is out of range.
  explicit FaceFinder(const FinderOptions& options);
  /// Throws ModelError if the model is no detector (zoo/detector_network.hpp), ArgumentError if an option is out of
  /// range or does not fit it.
  explicit FaceFinder(std::shared_ptr<const Model> model, const FinderOptions& options = {});
  explicit FaceFinder(Model model, const FinderOptions& options = {});
  /// Throws FileError, ModelError or ArgumentError.
  explicit FaceFinder(const std::filesystem::path& model, const FinderOptions& options = {});
  ~FaceFinder();
  FaceFinder(FaceFinder&&) noexcept;
  FaceFinder& operator=(FaceFinder&&) noexcept;

  /// All faces, the most probable first, in pixels of the picture; boxes may reach beyond it. None in an empty picture.
  /// Throws ArgumentError where FinderOptions::smallest is so small for this picture that the network would have to see
  /// more than 64 megapixels.
  std::vector<FoundFace> find(const ImageView& picture);
  /// The same in a photo that may have been reduced, in pixels of the whole one, as FinderOptions::smallest is.
  std::vector<FoundFace> find(const ReducedPhoto& photo);
  /// How far a photo of this size may be reduced for that: see reduction_for().
  int reduction(int width, int height) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lineament
