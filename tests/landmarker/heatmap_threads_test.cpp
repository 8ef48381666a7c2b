// The loss of heat maps on several threads: faster, and the same bits.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "landmarker/heatmap_support.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/random.hpp"
#include "lineament/threads.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/heatmap_networks.hpp"

using namespace lineament;
using lineament::testing::with_heatmaps;

namespace {

constexpr int kBatch = 7;

std::vector<float> numbers(std::size_t n, std::uint64_t stream, float low, float high) {
  Random random(5, stream);
  std::vector<float> v(n);
  for (float& x : v) x = random.uniform(low, high);
  return v;
}

}  // namespace

TEST_CASE("threads share the faces of heat maps, and change no bit") {
  const HeatmapDivergence loss{.height = 16, .width = 20, .points = 3};
  const std::vector<float> maps = numbers(kBatch * 16 * 20 * 3, 1, -3, 3),
                           truth = numbers(kBatch * 6, 2, 0, 1.1f);  // some lie beside the map
  std::vector<float> alone(maps.size()), together(maps.size());
  const float value = loss(std::span<const float>(maps), truth, {}, alone, kBatch);
  CHECK(value > 0);
  for (const int count : {1, 2, 4}) {
    Threads threads(count);
    std::fill(together.begin(), together.end(), std::numeric_limits<float>::quiet_NaN());
    CHECK(loss(std::span<const float>(maps), truth, {}, together, kBatch, &threads) == value);
    CHECK(together == alone);
  }
  Threads threads(4);
  const std::vector<float> none(truth.size(), 0.0f);
  CHECK(loss(std::span<const float>(maps), truth, none, together, kBatch, &threads) == 0);
  CHECK(std::all_of(together.begin(), together.end(), [](float g) { return g == 0; }));
}

TEST_CASE("a network trained by heat maps has the same bits on any number of threads") {
  StoreOptions store;
  store.preprocessing.size = 32;
  const FaceStore faces = FaceStore::draw(1, 12, store, {.size = 64});
  std::vector<float> weights;
  for (const int threads : {1, 2, 4}) {
    Network network = with_heatmaps();
    FitOptions options;
    options.epochs = 1;
    options.batch_size = 6;
    options.threads = threads;
    options.joint_loss = joint_face_loss("wing", network, {.heatmaps = 0.5}, ibug_68(), threads);
    fit(network, faces, nullptr, options);
    const std::span<const float> now = std::as_const(network).weights();
    if (weights.empty()) weights.assign(now.begin(), now.end());
    CHECK(std::equal(now.begin(), now.end(), weights.begin(), weights.end()));
  }
}

TEST_CASE("ranks in one process may share one loss with threads") {
  const Network network = with_heatmaps();
  const JointLoss loss = joint_face_loss("wing", network, {.heatmaps = 0.5}, ibug_68(), 2);
  const std::vector<float> points = numbers(kBatch * kValues, 1, 0, 1), truth = numbers(kBatch * kValues, 2, 0, 1),
                           maps = numbers(kBatch * 8 * 8 * kPoints, 3, -3, 3);
  const auto run = [&] {
    std::vector<float> of_points(points.size()), of_maps(maps.size());
    const OutputBatch<float> outputs[] = {{"points", points, of_points}, {kHeatmapsOutput, maps, of_maps}};
    return std::pair(loss(outputs, truth, {}, kBatch), of_maps);
  };
  const auto wanted = run();
  std::vector<std::pair<double, std::vector<float>>> got(4);
  std::vector<std::thread> ranks;
  for (auto& result : got) ranks.emplace_back([&] { result = run(); });
  for (std::thread& rank : ranks) rank.join();
  for (const auto& result : got) CHECK(result == wanted);
}
