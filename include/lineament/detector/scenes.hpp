// Training pictures for a face detector, all drawn: people cut out and laid over backgrounds, none to a crowd in a
// picture, with the place of every face known exactly.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/geometry.hpp"
#include "lineament/image/image.hpp"
#include "lineament/random.hpp"

namespace LINEAMENT_API lineament {

struct Model;  // lineament/model/model.hpp

struct SceneOptions {
  int size = 256;       ///< Side of the square picture, pixels, 64 … 2048.
  int most_faces = 20;  ///< In one picture, 1 … 100.
  /// Larger side of the smallest faces' boxes, pixels, 4 … size; the largest fills the picture.
  float smallest = 12;
  /// Degrees, 0 … 180. Whole people are turned by it at most, and mostly by less than 15; heads are tilted on their
  /// necks besides.
  float max_roll = 45;
  float without = 0.2f;  ///< Share of pictures that show no face, 0 … 1.
  float masks = 0.08f;   ///< Share of people who wear a mask over mouth and nose, 0 … 1.
  /// Share of pictures that show a place which mine_negatives() found, once there are any, 0 … 1.
  float hard = 0.3f;
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

  /// Hard negatives: looks for faces in all backgrounds, where there are none, and keeps the `most` places where the
  /// detector is the surest, in place of those kept before. From then on SceneOptions::hard of the pictures show one of
  /// them. The same detector gives the same places with any number of threads; 0 means one for each core. Returns how
  /// many places have a score above a half. Not while compose() runs. Throws as FaceFinder does.
  std::size_t mine_negatives(std::shared_ptr<const Model> detector, std::size_t most = 2000, int threads = 0);

  const SceneOptions& options() const { return options_; }
  std::size_t people() const { return people_.size(); }
  std::size_t bytes() const;  ///< memory of all that was drawn

 private:
  /// Part of a background that looks like a face.
  struct Place {
    std::size_t background;  ///< photos first, then those that were drawn
    Box box;
    float score;
  };

  DrawnScenes() = default;
  std::size_t backgrounds() const { return (photos_ ? photos_->size() : 0) + drawn_.size(); }
  const Image& background(std::size_t number) const;
  void fill_background(std::span<float> pixels, Random& random) const;

  SceneOptions options_;
  Backgrounds photos_;
  std::vector<Image> drawn_;         ///< backgrounds
  std::vector<DrawnCutout> people_;  ///< colours times cover, cut to what is covered
  std::vector<DrawnCutout> far_;     ///< the same people, smaller
  std::vector<Place> hard_;          ///< the surest first
};

}  // namespace lineament
