// Crops that show no face, or none in its place: what a network learns from that has to say whether a crop shows a
// face.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/error.hpp"
#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/random.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// Samples without any known point: all weights are 0, and FaceCrossEntropy takes them for no faces. Half are cut from
/// pictures without a face (draw_scene), the others from drawn faces so that the face is out of place: its centre half
/// a box or more beside the crop's, or its size off by a factor of two or more. A network is only asked about crops
/// that its landmarks fit, and says so of these that they do not.
class Negatives : public SampleSource {
 public:
  /// Draws `count` pictures of `seed`. Of `options`, preprocessing, augment, threads and scheme matter.
  /// Throws ArgumentError for options out of range.
  static Negatives draw(std::uint64_t seed, std::size_t count, const StoreOptions& options = {},
                        const DrawOptions& drawing = {}) {
    Negatives made(options, count);
    if (count > 0) draw_scene(seed, 0, drawing);  // throws for options out of range; threads may not
    // Why small: what is around such a face is still picture, and a crop of much more than the face has no empty edge.
    DrawOptions small = drawing;
    small.smallest_face = std::min(drawing.smallest_face, 0.15f), small.largest_face = 0.3f;
    Threads(options.threads).run(static_cast<int>(count), [&](int task, int) {
      const auto i = static_cast<std::size_t>(task);
      Picture& to = made.pictures_[i];
      if (i % 2 == 0) {
        to.image = draw_scene(seed, i, drawing);
        return;
      }
      to.small = i % 4 == 3;
      DrawnFace face = draw_face(seed, i, to.small ? small : drawing);
      to.face = bounding_box(face.points);
      to.image = std::move(face.image);
    });
    return made;
  }

  /// `count` samples, any parts of photos without people. Throws ArgumentError for options out of range, or where there
  /// is no photo.
  static Negatives cut(const Backgrounds& photos, const StoreOptions& options, std::size_t count) {
    if (!photos || photos->empty()) throw ArgumentError({"negatives", "there is no photo", "at least one", "none", ""});
    Negatives made(options, photos->size());
    for (std::size_t i = 0; i < photos->size(); ++i) made.pictures_[i].image = (*photos)[i];
    made.count_ = count;
    return made;
  }

  std::size_t size() const override { return count_; }
  std::size_t pixels_per_sample() const override {
    const auto side = static_cast<std::size_t>(preprocessing_.size);
    return side * side * 3;
  }
  std::size_t values_per_sample() const override { return static_cast<std::size_t>(scheme_.values()); }
  bool weighted() const override { return true; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    const Picture& picture = pictures_[index % pictures_.size()];
    if (!augmented) random = Random(0x706C616365u, index);  // the same place for every measurement
    const Box box = picture.face.width > 0 ? out_of_place(picture, random) : anywhere(picture.image, random);
    const Landmarks none(static_cast<std::size_t>(scheme_.points), {kUnknown, kUnknown});
    prepare_sample(picture.image, none, box, preprocessing_, augmented ? augment_ : scaled({}, 0), random,
                   {to.pixels, to.values, to.weights}, scheme_);
  }

 private:
  Negatives(const StoreOptions& options, std::size_t count)
      : preprocessing_(options.preprocessing),
        augment_(options.augment),
        scheme_(options.scheme),
        pictures_(count),
        count_(count) {
    check(preprocessing_);
    require_valid(scheme_);
  }

  struct Picture {
    Image image;
    Box face{};          ///< without area where there is none
    bool small = false;  ///< the face, in the picture
  };
  static constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

  /// Any part of the picture, from a fifth of its side on.
  static Box anywhere(const Image& image, Random& random) {
    const float all = static_cast<float>(std::min(image.width(), image.height()));
    const float side = all * random.uniform(0.2f, 0.75f), room = all - side;
    return {random.uniform(0, 1) * room, random.uniform(0, 1) * room, side, side};
  }

  static Box out_of_place(const Picture& picture, Random& random) {
    const float side = std::max(picture.face.width, picture.face.height);
    const float kind = random.uniform(), angle = random.uniform(0, 6.2831853f);
    float far = random.uniform(0.5f, 0.9f), scale = 1;  // beside it
    if (picture.small && kind < 0.7f) {                 // it is small in the crop
      scale = random.uniform(2, 3.3f);
      far = scale * random.uniform(0, 0.3f);
    } else if (!picture.small && kind < 0.4f) {  // a part of it
      scale = random.uniform(0.2f, 0.5f);
      far = random.uniform(0, 0.5f);
    }
    const Point c = picture.face.center() + Point{std::cos(angle), std::sin(angle)} * (far * side);
    return {c.x - 0.5f * scale * side, c.y - 0.5f * scale * side, scale * side, scale * side};
  }

  Preprocessing preprocessing_;
  AugmentOptions augment_;
  Scheme scheme_;
  std::vector<Picture> pictures_;
  std::size_t count_;  ///< of samples
};

}  // namespace lineament
