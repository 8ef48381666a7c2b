// Points of a face in a film, made steady: still while the face is at rest, without delay while it moves.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/landmarks.hpp"

namespace LINEAMENT_API lineament {

/// A One-Euro filter (Casiez, Roussel, Vogel: "1 € filter", CHI 2012) lets change through below a cutoff frequency that
/// grows with speed. Here it works twice: on the movement that all points have in common (shift, turn, size), whose
/// speed 68 points tell with little noise, and on what each point does beside it. Speeds are in face sizes a second, so
/// that one setting holds for faces of all sizes; a size is the root of the mean squared distance of the points from
/// their middle, about as much as the eyes are apart. Cutoffs grow with the square of the speed: noise is slow, and is
/// held back harder than with the paper's straight line, while what is fast passes.
/// The defaults were chosen on other films than those that docs/performance.md shows: see bench/film_smoothing.cpp.
struct SmoothingOptions {
  float rest_cutoff = 0.8f;      ///< of the common movement at rest, Hz, above 0
  float speed_gain = 150;        ///< Hz that its cutoff rises by at a speed of 1
  float speed_cutoff = 4;        ///< of its speed, Hz, above 0: higher is quicker to give way, and trembles more
  float own_rest_cutoff = 0.2f;  ///< the same for each point's own movement, where the face's speed is 0
  float own_speed_gain = 15;
  float own_speed_cutoff = 2;
  /// Share of the common cutoff's rise that points have for themselves: a head that turns changes its outline, too.
  float own_share = 0.5f;
  double longest_gap = 0.5;  ///< seconds between frames after which the past says nothing, above 0
};

/// One face's. Not for several threads at once. Allocates nothing once it has seen as many points as there will be.
class FaceSmoother {
 public:
  /// Throws ArgumentError if an option is out of range.
  explicit FaceSmoother(const SmoothingOptions& options = {});

  /// `found`: points of the next frame, `seconds` after the film's begin, in any unit. `spread`: how far each is
  /// expected to be off, in the same unit (FaceLandmarks::spread), or empty; points that are less sure are held harder.
  /// Writes the steady points to `steady`, which may be `found`. The first frame, one after longest_gap, one with
  /// another number of points and one with a point or a spread that is not finite come out as they went in. Throws
  /// ArgumentError if the spans are not of one length, or `seconds` is not above that of the frame before.
  void next(std::span<const Point> found, std::span<const float> spread, double seconds, std::span<Point> steady);

  /// Forgets the past: the next frame is the first.
  void restart();

 private:
  void start(std::span<const Point> found);
  void step(std::span<const Point> found, std::span<const float> spread, float passed);

  SmoothingOptions options_;
  std::optional<double> last_;  ///< seconds of the frame before
  bool started_ = false;
  std::vector<Point> before_, steady_;    ///< of the frame before, as found and as given out
  std::vector<Point> speed_, own_speed_;  ///< of each point with the face and beside it, face sizes a second
  std::vector<Point> moved_;              ///< where a common movement brings the points
  std::vector<float> weight_;
};

}  // namespace lineament
