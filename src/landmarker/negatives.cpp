#include "lineament/landmarker/negatives.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/faces/box.hpp"
#include "lineament/image/image.hpp"

namespace lineament {
namespace {

/// Any part of the picture, from a fifth of its side on.
Box anywhere(const Image& image, Random& random) {
  const float all = static_cast<float>(std::min(image.width(), image.height()));
  const float side = all * random.uniform(0.2f, 0.75f), room = all - side;
  return {random.uniform(0, 1) * room, random.uniform(0, 1) * room, side, side};
}

/// `small`: what the face is in its picture.
Box out_of_place(const Box& face, bool small, Random& random) {
  const float side = std::max(face.width, face.height);
  const float kind = random.uniform(), angle = random.uniform(0, 6.2831853f);
  float far = random.uniform(0.5f, 0.9f), scale = 1;  // beside it
  if (small && kind < 0.7f) {                         // it is small in the crop
    scale = random.uniform(2, 3.3f);
    far = scale * random.uniform(0, 0.3f);
  } else if (!small && kind < 0.4f) {  // a part of it
    scale = random.uniform(0.2f, 0.5f);
    far = random.uniform(0, 0.5f);
  }
  const Point c = face.center() + Point{std::cos(angle), std::sin(angle)} * (far * side);
  return {c.x - 0.5f * scale * side, c.y - 0.5f * scale * side, scale * side, scale * side};
}

}  // namespace

/// Each is made by the first who asks for it, while others that want the same one wait.
struct Negatives::Pictures {
  struct Picture {
    Image image;
    Box face{};          ///< without area where there is none
    bool small = false;  ///< the face, in the picture
  };
  struct Slot {
    std::once_flag made;
    Picture picture;
  };

  Pictures(std::size_t count, std::function<Picture(std::size_t)> maker) : make(std::move(maker)), slots(count) {}

  const Picture& operator[](std::size_t i) {
    Slot& slot = slots[i];
    std::call_once(slot.made, [&] {
      slot.picture = make(i);
      bytes += slot.picture.image.pixels().size();
    });
    return slot.picture;
  }

  static Picture drawn(std::uint64_t seed, std::size_t i, const DrawOptions& drawing);

  std::function<Picture(std::size_t)> make;
  std::vector<Slot> slots;
  std::atomic<std::size_t> bytes{0};
};

Negatives::Pictures::Picture Negatives::Pictures::drawn(std::uint64_t seed, std::size_t i, const DrawOptions& drawing) {
  if (i % 2 == 0) return {.image = draw_scene(seed, i, drawing)};
  Picture picture;
  picture.small = i % 4 == 3;
  // Why small: what is around such a face is still picture, and a crop of much more than the face has no empty edge.
  DrawOptions small = drawing;
  small.smallest_face = std::min(drawing.smallest_face, 0.15f), small.largest_face = 0.3f;
  DrawnFace face = draw_face(seed, i, picture.small ? small : drawing);
  picture.face = bounding_box(face.points);
  picture.image = std::move(face.image);
  return picture;
}

Negatives::Negatives(const StoreOptions& options, std::size_t count, std::shared_ptr<Pictures> pictures)
    : preprocessing_(options.preprocessing),
      augment_(options.augment),
      scheme_(options.scheme),
      pictures_(std::move(pictures)),
      count_(count) {
  check(preprocessing_);
  require_valid(scheme_);
}

Negatives Negatives::draw(std::uint64_t seed, std::size_t count, const StoreOptions& options,
                          const DrawOptions& drawing) {
  if (count > 0) draw_scene(seed, 0, drawing);  // throws here, not in mid-training, for options out of range
  return {options, count,
          std::make_shared<Pictures>(count, [=](std::size_t i) { return Pictures::drawn(seed, i, drawing); })};
}

Negatives Negatives::cut(const Backgrounds& photos, const StoreOptions& options, std::size_t count) {
  if (!photos || photos->empty()) throw ArgumentError({"negatives", "there is no photo", "at least one", "none", ""});
  return {options, count, std::make_shared<Pictures>(photos->size(), [photos](std::size_t i) -> Pictures::Picture {
            return {.image = (*photos)[i]};
          })};
}

void Negatives::prepare(std::size_t index, Random random, bool augmented, const Sample& to) const {
  const Pictures::Picture& picture = (*pictures_)[index % pictures_->slots.size()];
  if (!augmented) random = Random(0x706C616365u, index);  // the same place for every measurement
  const Box box =
      picture.face.width > 0 ? out_of_place(picture.face, picture.small, random) : anywhere(picture.image, random);
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  const Landmarks none(static_cast<std::size_t>(scheme_.points), {kUnknown, kUnknown});
  prepare_sample(picture.image, none, box, preprocessing_, augmented ? augment_ : scaled({}, 0), random,
                 {to.pixels, to.values, to.weights}, scheme_);
}

std::size_t Negatives::kept_bytes() const {
  return pictures_->bytes;
}

}  // namespace lineament
