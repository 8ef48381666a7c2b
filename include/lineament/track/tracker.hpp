// Tracker: the frames of a film in, their faces out, each with a number that stays its own and with steady points.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/detector/face_finder.hpp"
#include "lineament/image/view.hpp"
#include "lineament/landmarker/landmarker.hpp"
#include "lineament/track/smoothing.hpp"

namespace LINEAMENT_API lineament {

struct TrackerOptions {
  /// Seconds between looks of the detector while something is tracked, 0 or more. Between looks a new face is not seen;
  /// a look costs several times what a face's points do.
  double find_every = 1;
  double search_every = 0;  ///< the same while nothing is tracked: 0 looks in each frame
  /// A face whose FaceLandmarks::score falls below is lost, 0 … 1. Of models without a score, faces are lost that two
  /// looks in a row do not find.
  float min_score = 0.5f;
  int most_faces = 20;    ///< at once, 1 … 1000: further ones that are found are left out, the least probable first
  double remember = 0.5;  ///< seconds in which a face that was lost keeps its number if it is found in its old place
  bool smooth = true;
  SmoothingOptions smoothing{};
};

struct TrackedFace {
  std::uint64_t id = 0;  ///< from 1, in the order of finding; no other face of this Tracker ever has it
  FaceLandmarks face;    ///< `points` are smoothed; the rest is as the network gave it
  Landmarks raw;         ///< points before smoothing, pixels of the frame
  Box box{};             ///< around face.points
  double since = 0;      ///< seconds of the frame in which it was found
};

/// Each frame's points say where to look in the next one, so that a face costs one pass of the landmarker's network and
/// the detector is asked only now and then: at the start, when a face is lost, and every find_every seconds. A cut to
/// another scene is noticed by the score; a face that appears in the very place of another takes over its number. Of
/// two numbers that end up on one face the older stays. What it keeps does not grow with the film.
///
/// Not for several threads at once. One that was moved from may only be assigned to or destroyed.
class Tracker {
 public:
  using Finder = std::function<std::vector<FoundFace>(const ImageView&)>;

  /// Throws ArgumentError if an option is out of range.
  Tracker(Landmarker landmarker, FaceFinder finder, const TrackerOptions& options = {});
  /// With a detector of yours: all faces in a picture, with boxes as Landmarker::predict takes them. Those of a
  /// FaceFinder go through Landmarker::box_of_found().
  Tracker(Landmarker landmarker, Finder finder, const TrackerOptions& options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  /// The faces of the next frame, shown `seconds` after the film's begin; valid until the next call. In the order of
  /// their numbers. Frames may change their size: where both sides do so alike, faces keep their numbers. Throws
  /// ArgumentError for a frame without pixels and where `seconds` is not above that of the frame before, and what
  /// FaceFinder::find throws.
  const std::vector<TrackedFace>& next(const ImageView& frame, double seconds);

  /// For another film: forgets all faces and the time. Numbers go on.
  void reset();

  const Scheme& scheme() const;           ///< Landmarker::scheme
  const std::string& trained_on() const;  ///< Landmarker::trained_on

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lineament
