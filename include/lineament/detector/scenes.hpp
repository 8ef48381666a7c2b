// Training pictures for a face detector, all drawn: people cut out and laid over backgrounds, none to a crowd in a
// picture, with the place of every face known exactly.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {

struct SceneOptions {
  int size = 256;       ///< Side of the square picture, pixels, 64 … 2048.
  int most_faces = 20;  ///< In one picture, 1 … 100.
  /// Larger side of the smallest faces' boxes, pixels, 4 … size; the largest fills the picture.
  float smallest = 12;
  /// Degrees, 0 … 180. Whole people are turned by it at most, and mostly by less than 15; heads are tilted on their
  /// necks besides.
  float max_roll = 45;
  float without = 0.2f;  ///< Share of pictures that show no face, 0 … 1.
};

struct SceneFace {
  Box box;                    ///< bounding_box of the face's points; may reach out of the picture
  std::array<Point, 2> eyes;  ///< their centres; first the one that is left where the head is upright
  float visible = 1;          ///< share of the box that is inside the picture and that no other person covers
};

struct Scene {
  Image image;                   ///< size x size
  std::vector<SceneFace> faces;  ///< from far to near
};

class DrawnScenes {
 public:
  /// Called with (done, total) after each picture that is drawn, from several threads but never from two at once.
  using Progress = std::function<void(std::size_t, std::size_t)>;

  /// Draws `people` cutouts, 1 … 1,000,000, and an eighth as many backgrounds (8 to 256) for a quarter of the pictures;
  /// the others get a part of a photo where there are any. Keeps some 430 KB a person, at most 500 KB. The same
  /// arguments give the same scenes with any number of threads; 0 means one for each core. Throws ArgumentError for a
  /// number out of range, and what `progress` throws.
  static DrawnScenes draw(std::uint64_t seed, std::size_t people, const Backgrounds& backgrounds,
                          const SceneOptions& options = {}, int threads = 0, const Progress& progress = {});

  /// A picture of its own for each stream of random numbers: the same one gives the same bits, on any thread. One to
  /// three faces of any size, or for three of ten a crowd of small ones; fewer where there is no room.
  Scene compose(Random random) const;

  const SceneOptions& options() const { return options_; }
  std::size_t people() const { return people_.size(); }
  std::size_t bytes() const;  ///< memory of all that was drawn

 private:
  DrawnScenes() = default;

  SceneOptions options_;
  Backgrounds photos_;
  std::vector<Image> drawn_;         ///< backgrounds
  std::vector<DrawnCutout> people_;  ///< colours times cover, cut to what is covered
  std::vector<DrawnCutout> far_;     ///< the same people, smaller
};

}  // namespace lineament
