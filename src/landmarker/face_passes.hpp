// The points of faces in given boxes: crops in batches through the network, as many passes as asked for.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lineament/faces/crop.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/model/model.hpp"
#include "lineament/nn/session.hpp"

namespace lineament {

/// Throws ArgumentError, naming the option, unless 1 <= value <= most.
void require_in_range(const char* option, int value, int most);

/// Throws ModelError, naming the model, if it does not map crops to the points of its scheme.
void require_landmarks(const Model& model, const std::string& name);

class FacePasses {
 public:
  /// `let_go`: the model's weights are kept in the kernels' order alone. Throws ModelError for a network of something
  /// else.
  FacePasses(std::shared_ptr<const Model> model, const LandmarkerOptions& options, bool let_go);

  /// Of the faces in the boxes; `o` are the options of this call. Faces whose score is below `hopeless` get no further
  /// pass.
  std::vector<FaceLandmarks> predict(const ImageView& photo, std::span<const Box> given, const LandmarkerOptions& o,
                                     float hopeless = 0);

  const Preprocessing& preprocessing() const { return preprocessing_; }
  const Scheme& scheme() const { return scheme_; }

 private:
  struct Made {
    int batch, threads;
    InferenceSession session;
  };

  InferenceOptions inference(int batch, int threads) const;
  InferenceSession& session(int batch, int threads);
  void run(const ImageView& photo, std::span<const Box> boxes, const LandmarkerOptions& o,
           std::span<FaceLandmarks> faces);
  void run_batch(InferenceSession& session, const ImageView& photo, std::span<const Box> boxes, bool mirror,
                 std::span<FaceLandmarks> faces);
  void average_with_mirrored(InferenceSession& session, std::span<FaceLandmarks> faces, std::size_t pixels);
  std::span<const float> points_of(const InferenceSession& session, std::size_t i) const;
  std::span<const float> scales_of(const InferenceSession& session, std::size_t i) const;

  LandmarkerOptions options_;  ///< of what is made: precision, tuning
  Preprocessing preprocessing_;
  Scheme scheme_;
  std::vector<LayerRange> ranges_;
  std::optional<std::size_t> spread_, odds_;  ///< which output it is
  std::vector<float> crops_;                  ///< of a batch, kept for the mirror
  std::shared_ptr<const Model> model_;        ///< nullptr: let go of
  std::shared_ptr<PreparedWeights<float>> weights_;
  std::list<Made> sessions_;
};

}  // namespace lineament
