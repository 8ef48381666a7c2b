// Scenes as samples: their truth is what was drawn, and a small detector learns from them.
#include "lineament/detector/scene_samples.hpp"

#include <algorithm>

#include "catch.hpp"
#include "lineament/detector/detection_loss.hpp"
#include "lineament/detector/found_measures.hpp"
#include "lineament/error.hpp"
#include "lineament/train/evaluate.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/detector_network.hpp"

using namespace lineament;

namespace {

const DrawnScenes& scenes() {
  static const DrawnScenes drawn =
      DrawnScenes::draw(5, 6, nullptr, {.size = 128, .most_faces = 4, .smallest = 20, .without = 0.2f}, 1);
  return drawn;
}

struct Prepared {
  std::vector<float> pixels, values, weights;
  Prepared(const SceneSamples& samples, std::size_t index, bool augmented, std::uint64_t stream = 1)
      : pixels(samples.pixels_per_sample()), values(samples.values_per_sample()), weights(samples.values_per_sample()) {
    samples.prepare(index, Random(9, stream), augmented, {pixels, values, weights});
  }
};

/// All outputs, one after the other, as faces.
std::vector<FoundFace> faces_of(std::span<const float> cells, int side, float score) {
  std::vector<FoundFace> faces;
  for (const int stride : kCellStrides) {
    const auto count = static_cast<std::size_t>(side / stride * (side / stride)) * kCellValues;
    cells_to_faces(cells.first(count), stride, side, side, score, faces);
    cells = cells.subspan(count);
  }
  return without_doubles(std::move(faces));
}

}  // namespace

TEST_CASE("a sample is a scene: its pixels, and cells that say where its faces are") {
  const SceneSamples samples(scenes(), 12, 3);
  std::size_t faces = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Scene scene = samples.scene(i);
    const Prepared p(samples, i, false);
    CHECK(p.pixels[500] == Approx(static_cast<float>(scene.image.pixels()[500]) / 255));
    std::vector<float> known = p.values;
    for (std::size_t k = 0; k < known.size(); k += kCellValues) known[k] = known[k] > 0 ? 5.0f : -5.0f;
    const auto truth = true_faces(scene);
    const FoundMeasures measures(std::vector<SearchedPicture>{{faces_of(known, 128, 0.5f), truth}});
    CHECK(measures.at_score(0.5f).wrong == 0);
    faces += measures.faces();
    for (const TrueFace& face : truth) CHECK(face.eyes[0].x <= face.eyes[1].x);
  }
  CHECK(faces > 5);
}

TEST_CASE("augmented samples differ from time to time, others do not; the same stream gives the same bits") {
  const SceneSamples samples(scenes(), 4, 3);
  CHECK(Prepared(samples, 1, false, 1).pixels == Prepared(samples, 1, false, 2).pixels);
  CHECK(Prepared(samples, 1, true, 1).pixels != Prepared(samples, 1, true, 2).pixels);
  CHECK(Prepared(samples, 1, true, 1).pixels == Prepared(samples, 1, true, 1).pixels);
  const DrawnScenes odd = DrawnScenes::draw(5, 1, nullptr, {.size = 100}, 1);
  CHECK_THROWS_AS(SceneSamples(odd, 4, 3), ArgumentError);
}

TEST_CASE("a small detector learns to find drawn faces by fit() alone") {
  const SceneSamples samples(scenes(), 64, 1);
  Network network(detector_network({.stem = 8, .stages = {16, 24, 32, 32}, .blocks = {1, 1, 1, 1}, .pyramid = 24}),
                  Shape{128, 128, 3}, 1);
  FitOptions options{.epochs = 12,
                     .batch_size = 16,
                     .augmented = false,
                     .joint_loss = DetectionLoss{},
                     .schedule = {.kind = Schedule::Kind::cosine, .rate = 1e-2f, .warmup = 0.5},
                     .clip_norm = 5,
                     .start_at_mean = false,
                     .threads = 1};
  const FitResult result = fit(network, samples, nullptr, options);
  CHECK(result.epochs.back().train.loss < 0.4 * result.epochs.front().train.loss);
  std::vector<SearchedPicture> pictures(samples.size());
  for_each_prediction(network, samples, {}, [&](const Prediction& p) {
    pictures[p.index] = {faces_of(p.output, 128, 0.05f), true_faces(samples.scene(p.index))};
  });
  const FoundMeasures measures(pictures);
  CAPTURE(result.epochs.front().train.loss, result.epochs.back().train.loss);
  CHECK(measures.average_precision() > 0.3);
}
