#include "lineament/landmarker/drawn_faces.hpp"

#include "landmarker/crop_cache.hpp"

namespace lineament {

DrawnFaces::DrawnFaces(std::uint64_t seed, std::size_t count, const StoreOptions& options, const DrawOptions& drawing,
                       std::size_t memory)
    : FaceSamples((check_drawn(options), options)),
      seed_(seed),
      count_(count),
      options_(options),
      drawing_(drawing),
      cache_(std::make_shared<CropCache>(memory)) {
  draw_face(seed, 0, drawing);  // throws for options out of range, before any thread draws
}

std::shared_ptr<const KeptFace> DrawnFaces::kept(std::size_t i) const {
  if (auto face = cache_->find(i)) return face;
  auto face = std::make_shared<const KeptFace>(keep_drawn(seed_, i, i, options_, drawing_));
  cache_->offer(i, face);
  return face;
}

void DrawnFaces::prepare(std::size_t index, Random random, bool augmented, const Sample& to) const {
  prepare_kept(*kept(index), random, augmented, to);
}

void DrawnFaces::prepare_truth(std::size_t index, const Sample& to) const {
  const KeptFace face = keep_drawn_points(seed_, index, index, options_, drawing_);
  points_to_values(face.points, crop_to_image(face.box, preprocessing()), preprocessing().size, to.values);
}

KeptFace DrawnFaces::face(std::size_t i) const {
  return *kept(i);
}
std::string DrawnFaces::name(std::size_t i) const {
  return "drawn " + std::to_string(i);
}
float DrawnFaces::side(std::size_t i) const {
  return keep_drawn_points(seed_, i, i, options_, drawing_).side;
}
std::size_t DrawnFaces::cached_bytes() const {
  return cache_->bytes();
}

}  // namespace lineament
