#include "lineament/detector/scene_samples.hpp"

#include <algorithm>

namespace lineament {

std::vector<TrueFace> true_faces(const Scene& scene) {
  constexpr float kVisible = 0.4f;
  std::vector<TrueFace> faces;
  for (const SceneFace& face : scene.faces) {
    TrueFace& truth = faces.emplace_back(TrueFace{face.box, face.eyes, face.visible >= kVisible});
    if (truth.eyes[0].x > truth.eyes[1].x) std::swap(truth.eyes[0], truth.eyes[1]);
  }
  return faces;
}

SceneSamples::SceneSamples(const DrawnScenes& scenes, std::size_t count, std::uint64_t seed)
    : scenes_(scenes), count_(count), values_(cell_values(scenes.options().size, scenes.options().size)), seed_(seed) {}

std::size_t SceneSamples::pixels_per_sample() const {
  const auto side = static_cast<std::size_t>(scenes_.options().size);
  return side * side * 3;
}

Scene SceneSamples::scene(std::size_t index) const {
  return scenes_.compose(Random(seed_ ^ 0x7363656E6573u, index));
}

void SceneSamples::prepare(std::size_t index, Random random, bool augmented, const Sample& to) const {
  const Scene made = augmented ? scenes_.compose(random) : scene(index);
  std::transform(made.image.pixels().begin(), made.image.pixels().end(), to.pixels.begin(),
                 [](std::uint8_t level) { return static_cast<float>(level) / 255; });
  const int side = scenes_.options().size;
  faces_to_cells(true_faces(made), side, side, to.values, to.weights);
}

}  // namespace lineament
