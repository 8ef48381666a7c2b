// Kept faces that were read or drawn, as many as fit. Nothing makes room for another: an epoch takes each sample once,
// so that what was used last is needed last, and whichever stay save the same.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "lineament/landmarker/kept_face.hpp"

namespace lineament {

class CropCache {
 public:
  explicit CropCache(std::size_t bytes) : limit_(bytes) {}

  /// nullptr where it is not kept.
  std::shared_ptr<const KeptFace> find(std::uint64_t key) const {
    const std::lock_guard lock(mutex_);
    const auto found = faces_.find(key);
    return found == faces_.end() ? nullptr : found->second;
  }

  /// Keeps the face where there is room for it.
  void offer(std::uint64_t key, std::shared_ptr<const KeptFace> face) {
    const std::size_t size = bytes_of(*face);
    const std::lock_guard lock(mutex_);
    if (size > limit_ - bytes_ || !faces_.emplace(key, std::move(face)).second) return;
    bytes_ += size;
  }

  std::size_t limit() const { return limit_; }
  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

  /// With what the map and the allocator add to it.
  static std::size_t bytes_of(const KeptFace& face) {
    constexpr std::size_t kOverhead = 200;
    return face.image.pixels().size() + face.points.size() * sizeof(Point) + face.name.size() + face.print.file.size() +
           sizeof(KeptFace) + kOverhead;
  }

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<const KeptFace>> faces_;
};

}  // namespace lineament
