// Faces kept in memory for training: of each photo only the surroundings of the face, shrunk to little more than the
// network's resolution, so that thousands fit and preparing a sample decodes nothing.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/augment.hpp"
#include "lineament/faces/crop.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/scheme.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/faces/validate.hpp"
#include "lineament/file.hpp"
#include "lineament/image/file.hpp"
#include "lineament/image/image.hpp"
#include "lineament/image/warp.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

struct StoreOptions {
  Preprocessing preprocessing{};
  AugmentOptions augment{};  ///< For samples asked for with augmentation.
  BoxSource box = BoxSource::points;
  int threads = 2;  ///< For loading; 0 means one for each core.
  /// Side of the kept region, in sides of the crop. Why 1.6: a crop turned by 30 degrees reaches 1.4 crop sides.
  float region = 1.6f;
  /// Pixels kept for each pixel of the crop at most. Why 1.25: a crop enlarged by augmentation is still sharp, and a
  /// face takes at most (1.6 x 1.25 x 128)^2 x 3 bytes = 197 KB.
  float detail = 1.25f;
  /// Moves each box by this share of its larger side in a direction drawn at random, and makes it larger or smaller by
  /// the same: what a face detector does to boxes, to measure how much a network minds. At most 0.2. The same for
  /// every load.
  float jitter = 0;
  Scheme scheme = ibug_68();
  DecodeLimits limits{};
  /// Called after each face with (done, total), from the loading threads but never from two at once. Optional.
  std::function<void(std::size_t, std::size_t)> progress{};
};

/// The kept picture of a face, its points and its box share one system of coordinates, which is not the photo's.
class FaceStore : public SampleSource {
 public:
  /// Decodes the faces' photos with several threads. Bad ones (unreadable image, unusable points or box) are left out
  /// and listed in rejected(); the others keep their order. Throws ArgumentError for options out of range, and what
  /// `progress` throws.
  static FaceStore load(std::span<const Face> faces, const StoreOptions& options = {}) {
    return gather(
        faces.size(), options, [&](std::size_t i) { return faces[i].image.string(); },
        [&](std::size_t i) {
          const std::vector<std::uint8_t> bytes = read_file(faces[i].image);
          const Photo photo = decode_photo(bytes, faces[i].image.string(), options.limits);
          Face face = faces[i];
          if (const auto problem = fit_to_photo(face, photo, options.scheme)) {
            throw FormatError({"", *problem, "", "", ""});
          }
          Kept kept = cut_out(i, photo.image, face.points, face.box, options);
          kept.print = {face.image.string(), content_digest(bytes), perceptual_hash(photo.image)};
          return kept;
        });
  }

  /// Draws faces first … first + count - 1 of `seed`. Throws ArgumentError for options out of range, and where the box
  /// is to come from a file: drawn faces have none.
  static FaceStore draw(std::uint64_t seed, std::size_t count, const StoreOptions& options = {},
                        const DrawOptions& drawing = {}, std::uint64_t first = 0) {
    if (options.box == BoxSource::file) {
      throw ArgumentError({"drawn faces", "have no boxes in files", "", "", "take the box from the points"});
    }
    if (options.scheme.points != kPoints || options.scheme.name != ibug_68().name) {
      throw ArgumentError({"drawn faces", "have the points of one scheme only", ibug_68().name, options.scheme.name,
                           "train on annotated photos"});
    }
    return gather(
        count, options, [&](std::size_t i) { return "drawn " + std::to_string(first + i); },
        [&](std::size_t i) {
          const DrawnFace face = draw_face(seed, first + i, drawing);
          return cut_out(i, face.image, face.points, std::nullopt, options);
        });
  }

  std::size_t size() const override { return faces_.size(); }
  std::size_t pixels_per_sample() const override {
    const auto side = static_cast<std::size_t>(preprocessing_.size);
    return side * side * 3;
  }
  std::size_t values_per_sample() const override { return static_cast<std::size_t>(scheme_.values()); }
  bool weighted() const override { return weighted_; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    const Kept& face = faces_[index];
    prepare_sample(face.image, face.points, face.box, preprocessing_, augmented ? augment_ : scaled({}, 0), random,
                   {to.pixels, to.values, to.weights}, scheme_);
  }

  const AugmentOptions& augment() const { return augment_; }
  /// From the next sample on. Not while others ask for samples: fit() does until it returns.
  void set_augment(const AugmentOptions& augment) { augment_ = augment; }

  const Image& image(std::size_t i) const { return faces_[i].image; }
  const Landmarks& points(std::size_t i) const { return faces_[i].points; }
  const Box& box(std::size_t i) const { return faces_[i].box; }
  float side(std::size_t i) const { return faces_[i].side; }  ///< The box's larger one, in pixels of the photo.
  const std::string& name(std::size_t i) const { return faces_[i].name; }   ///< The photo's path, or "drawn 17".
  const PhotoPrint& print(std::size_t i) const { return faces_[i].print; }  ///< Of its photo; drawn faces have none.
  const Preprocessing& preprocessing() const { return preprocessing_; }
  const Scheme& scheme() const { return scheme_; }
  const std::vector<Rejected>& rejected() const { return rejected_; }

  /// Memory of all kept pictures, bytes.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Kept& face : faces_) sum += face.image.pixels().size();
    return sum;
  }

 private:
  struct Kept {
    Image image;
    Landmarks points;
    Box box;
    std::string name;
    PhotoPrint print{};
    float side = 0;
  };

  static Box jittered(const Box& box, float amount, Random random) {
    const float angle = random.uniform(0, 6.2831853f), side = std::max(box.width, box.height);
    const float scale = random.chance(0.5f) ? 1 + amount : 1 / (1 + amount);
    const Point c = box.center();
    const float x = c.x + amount * side * std::cos(angle), y = c.y + amount * side * std::sin(angle);
    return {x - 0.5f * scale * box.width, y - 0.5f * scale * box.height, scale * box.width, scale * box.height};
  }

  static Kept cut_out(std::size_t index, const Image& photo, const Landmarks& points, const std::optional<Box>& in_file,
                      const StoreOptions& options) {
    const Preprocessing& p = options.preprocessing;
    const Box given = face_box(options.box, points, in_file, photo.width(), photo.height(), p);
    const Box face = options.jitter > 0 ? jittered(given, options.jitter, Random(0x6A6974746572u, index)) : given;
    const Affine to_photo = crop_to_image(face, p);  // Throws for a box without area.
    const Box region = square_box(square_box(face, p.margin), (options.region - 1) / 2);
    // Whole pixels, so that a region that is not shrunk is copied and not resampled.
    const int left = std::max(0, static_cast<int>(std::floor(region.x + 0.5f)));
    const int top = std::max(0, static_cast<int>(std::floor(region.y + 0.5f)));
    const int right = std::min(photo.width(), static_cast<int>(std::ceil(region.x + region.width + 0.5f)));
    const int bottom = std::min(photo.height(), static_cast<int>(std::ceil(region.y + region.height + 0.5f)));
    if (left >= right || top >= bottom) throw ArgumentError({"", "the face's box lies outside the photo", "", "", ""});

    const float shrink = std::max(1.0f, to_photo.a / options.detail);
    const float offset = 0.5f * (shrink - 1);  // The outer edges of the first pixels meet, not their centres.
    const Affine kept_to_photo{shrink, 0,      static_cast<float>(left) + offset,
                               0,      shrink, static_cast<float>(top) + offset};
    const auto shrunk = [&](int length) { return static_cast<int>(std::ceil(static_cast<float>(length) / shrink)); };
    Kept kept;
    kept.side = std::max(given.width, given.height);
    kept.image = warp(photo, kept_to_photo, shrunk(right - left), shrunk(bottom - top));
    const Affine photo_to_kept = kept_to_photo.inverse();
    kept.points.resize(points.size());
    std::transform(points.begin(), points.end(), kept.points.begin(), photo_to_kept);
    const Point corner = photo_to_kept({face.x, face.y});
    kept.box = {corner.x, corner.y, face.width / shrink, face.height / shrink};
    return kept;
  }

  /// Runs make(i) for i in 0 … count - 1 on several threads and sorts the results into faces and rejects.
  template <class Name, class Make>
  static FaceStore gather(std::size_t count, const StoreOptions& options, Name name, Make make) {
    check(options.preprocessing);
    require_valid(options.scheme);
    if (!(options.region >= 1 && options.detail > 0 && std::isfinite(options.region + options.detail))) {
      throw ArgumentError({"face store", "region or detail out of range", "region >= 1 and detail > 0",
                           std::to_string(options.region) + " and " + std::to_string(options.detail), ""});
    }
    if (!(options.jitter >= 0 && options.jitter <= 0.2f))
      throw ArgumentError({"face store", "jitter out of range", "0 to 0.2", std::to_string(options.jitter), ""});
    std::vector<Kept> made(count);
    std::vector<std::string> problems(count);
    std::mutex mutex;
    std::size_t done = 0;
    std::exception_ptr stopped;  // By the progress callback; guarded by the mutex, as `done` is.
    Threads(options.threads).run(static_cast<int>(count), [&](int task, int) {
      const auto i = static_cast<std::size_t>(task);
      {
        const std::lock_guard lock(mutex);
        if (stopped) return;
      }
      try {
        made[i] = make(i);
      } catch (const Error& e) {
        problems[i] = reason_of(e);
      } catch (const std::bad_alloc&) {
        problems[i] = "there is not enough memory for it";
      } catch (const std::exception& e) {
        problems[i] = e.what();
      }
      const std::lock_guard lock(mutex);
      ++done;
      try {
        if (options.progress && !stopped) options.progress(done, count);
      } catch (...) {
        stopped = std::current_exception();
      }
    });
    if (stopped) std::rethrow_exception(stopped);

    FaceStore store;
    store.preprocessing_ = options.preprocessing;
    store.augment_ = options.augment;
    store.scheme_ = options.scheme;
    store.faces_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (problems[i].empty()) {
        made[i].name = name(i);
        store.weighted_ = store.weighted_ || !std::all_of(made[i].points.begin(), made[i].points.end(), is_known);
        store.faces_.push_back(std::move(made[i]));
      } else {
        store.rejected_.push_back({name(i), problems[i]});
      }
    }
    return store;
  }

  Preprocessing preprocessing_;
  AugmentOptions augment_;
  Scheme scheme_ = ibug_68();
  bool weighted_ = false;  // some points are not known
  std::vector<Kept> faces_;
  std::vector<Rejected> rejected_;
};

}  // namespace lineament
