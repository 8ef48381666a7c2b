// Faces kept in memory for training: of each photo only the surroundings of the face, shrunk to little more than the
// network's resolution, so that thousands fit and preparing a sample decodes nothing. More than memory holds:
// face_shards.hpp.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lineament/api.hpp"
#include "lineament/faces/face.hpp"
#include "lineament/faces/photo.hpp"
#include "lineament/faces/synthetic.hpp"
#include "lineament/image/image.hpp"
#include "lineament/landmarker/face_samples.hpp"
#include "lineament/landmarker/kept_face.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/samples.hpp"

namespace LINEAMENT_API lineament {

/// The kept picture of a face, its points and its box share one system of coordinates, which is not the photo's.
class FaceStore : public FaceSamples {
 public:
  /// Decodes the faces' photos with several threads. Bad ones (unreadable image, unusable points or box) are left out
  /// and listed in rejected(); the others keep their order. Throws ArgumentError for options out of range, and what
  /// `progress` throws.
  static FaceStore load(std::span<const Face> faces, const StoreOptions& options = {}) {
    check(options);
    return gather(
        faces.size(), options, [&](std::size_t i) { return faces[i].image.string(); },
        [&](std::size_t i) { return keep_photo(faces[i], i, options); });
  }

  /// Draws faces first … first + count - 1 of `seed`. Throws ArgumentError for options out of range, and where the box
  /// is to come from a file: drawn faces have none.
  static FaceStore draw(std::uint64_t seed, std::size_t count, const StoreOptions& options = {},
                        const DrawOptions& drawing = {}, std::uint64_t first = 0) {
    check_drawn(options);
    return gather(
        count, options, [&](std::size_t i) { return "drawn " + std::to_string(first + i); },
        [&](std::size_t i) { return keep_drawn(seed, first + i, i, options, drawing); });
  }

  std::size_t size() const override { return faces_.size(); }
  bool weighted() const override { return weighted_; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    prepare_kept(faces_[index], random, augmented, to);
  }

  KeptFace face(std::size_t i) const override { return faces_[i]; }
  std::string name(std::size_t i) const override { return faces_[i].name; }
  PhotoPrint print(std::size_t i) const override { return faces_[i].print; }
  float side(std::size_t i) const override { return faces_[i].side; }
  const Image& image(std::size_t i) const { return faces_[i].image; }
  const Landmarks& points(std::size_t i) const { return faces_[i].points; }
  const Box& box(std::size_t i) const { return faces_[i].box; }
  bool at_hand() const override { return true; }
  std::vector<Rejected> rejected() const override { return rejected_; }
  void identify(std::size_t i, std::vector<std::uint8_t>& bytes) const override {
    const KeptFace& face = faces_[i];
    if (face.print.file.empty()) return;
    const auto add = [&](const auto* values, std::size_t count) {
      const auto* first = reinterpret_cast<const std::uint8_t*>(values);
      bytes.insert(bytes.end(), first, first + count * sizeof *values);
    };
    add(&face.print.content, 1);
    add(face.points.data(), face.points.size());
  }

  /// Memory of all kept pictures, bytes.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const KeptFace& face : faces_) sum += face.image.pixels().size();
    return sum;
  }

 private:
  explicit FaceStore(const StoreOptions& options) : FaceSamples(options) {}

  /// Runs make(i) for i in 0 … count - 1 on several threads and sorts the results into faces and rejects.
  template <class Name, class Make>
  static FaceStore gather(std::size_t count, const StoreOptions& options, Name name, Make make) {
    std::vector<KeptFace> made(count);
    std::vector<std::string> problems(count);
    std::mutex mutex;
    std::size_t done = 0;
    Threads(options.threads).run(static_cast<int>(count), [&](int task, int) {
      const auto i = static_cast<std::size_t>(task);
      problems[i] = problem_of([&] { made[i] = make(i); });
      const std::lock_guard lock(mutex);
      ++done;
      if (options.progress) options.progress(done, count);
    });

    FaceStore store(options);
    store.faces_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (problems[i].empty()) {
        store.weighted_ = store.weighted_ || !std::all_of(made[i].points.begin(), made[i].points.end(), is_known);
        store.faces_.push_back(std::move(made[i]));
      } else {
        store.rejected_.push_back({name(i), problems[i]});
      }
    }
    return store;
  }

  bool weighted_ = false;  // some points are not known
  std::vector<KeptFace> faces_;
  std::vector<Rejected> rejected_;
};

}  // namespace lineament
