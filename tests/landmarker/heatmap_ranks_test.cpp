// The loss of heat maps on several ranks: each keeps its own maps, which are too large to send to all.
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "landmarker/heatmap_support.hpp"
#include "lineament/error.hpp"
#include "lineament/landmarker/face_losses.hpp"
#include "lineament/landmarker/face_store.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/random.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/zoo/heatmap_networks.hpp"
#include "train/ranks_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

FitOptions options_for(const Network& network, bool own) {
  FitOptions options;
  options.epochs = 3;
  options.batch_size = 8;
  options.threads = 1;
  options.joint_loss = joint_face_loss("wing", network, {.heatmaps = 0.5});
  if (own) options.own_outputs = face_loss_own_outputs(network);
  return options;
}

/// Counts what a rank gathers.
class Counted final : public Communicator {
 public:
  Counted(Communicator& ranks, std::atomic<std::size_t>& most) : ranks_(ranks), most_(most) {}
  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  void exchange(std::span<const std::byte> mine, std::span<std::byte> all) override { ranks_.exchange(mine, all); }
  void gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
    if (rank() == 0 && mine.size() > most_) most_ = mine.size();
    ranks_.gather(mine, all);
  }
  void broadcast(std::span<std::byte> bytes, int from) override { ranks_.broadcast(bytes, from); }
  void end_all(const std::string& line) noexcept override { ranks_.end_all(line); }
  bool any_thread() const override { return ranks_.any_thread(); }

 private:
  Communicator& ranks_;
  std::atomic<std::size_t>& most_;
};

struct Counts {
  RanksRun run;
  std::size_t most = 0;  ///< bytes of one rank in one call
};

Counts train_counted(const FaceStore& faces, bool own) {
  std::atomic<std::size_t> most{0};
  std::vector<std::unique_ptr<Counted>> counted(2);
  Counts counts;
  counts.run =
      train_on_ranks(2, with_heatmaps, faces, &faces, options_for(with_heatmaps(), own), [&](FitOptions& o, int rank) {
        auto& mine = counted[static_cast<std::size_t>(rank)];
        mine = std::make_unique<Counted>(*o.distributed.communicator, most);
        o.distributed.communicator = mine.get();
      });
  counts.most = most;
  return counts;
}

FaceStore small_faces() {
  StoreOptions store;
  store.preprocessing.size = 32;
  return FaceStore::draw(1, 16, store, {.size = 64});
}

}  // namespace

TEST_CASE("ranks that keep their own heat maps train as one does, and send none of them") {
  const FaceStore faces = small_faces();
  const Trace alone = train_alone(with_heatmaps, faces, &faces, options_for(with_heatmaps(), true));
  const Counts sent = train_counted(faces, false), kept = train_counted(faces, true);
  CHECK(kept.run.traces[0] == kept.run.traces[1]);
  CHECK(kept.run.traces[0] == train_counted(faces, true).run.traces[0]);
  for (const Counts* counts : {&sent, &kept}) {
    const Trace& trace = counts->run.traces[0];
    REQUIRE(trace.reports.size() == alone.reports.size());
    for (std::size_t e = 0; e < alone.reports.size(); ++e)
      for (std::size_t i = 0; i < alone.reports[e].size(); ++i)
        CHECK(trace.reports[e][i] == Approx(alone.reports[e][i]).epsilon(1e-3).margin(1e-9));
  }
  constexpr std::size_t kFaces = 4, kMaps = kFaces * 8 * 8 * kPoints * sizeof(float);
  CHECK(sent.most == kMaps);
  CHECK(kept.most == kFaces * kValues * sizeof(float));  // points, and their truths
}

TEST_CASE("what faces of a batch add to the loss of heat maps is the batch's, in parts") {
  const HeatmapDivergence loss{.height = 8, .width = 8, .points = 3};
  constexpr std::size_t kFace = 8 * 8 * 3, kBatch = 5;
  Random random(5, 1);
  std::vector<float> maps(kBatch * kFace), truth(kBatch * 6), weights(kBatch * 6, 1.0f);
  for (float& m : maps) m = random.uniform(-3, 3);
  for (float& t : truth) t = random.uniform(0, 1);
  for (std::size_t i = 0; i < 8; ++i) weights[i] = 0;  // parts differ in what counts
  std::vector<float> whole(maps.size()), parts(maps.size());
  const float value = loss(std::span<const float>(maps), truth, weights, whole, kBatch);
  double sum = 0;
  for (const auto& [first, count] : {std::array<std::size_t, 2>{0, 2}, {2, 3}})
    sum += static_cast<double>(loss(std::span<const float>(maps).subspan(first * kFace, count * kFace), truth, weights,
                                    std::span(parts).subspan(first * kFace, count * kFace), kBatch, nullptr, first));
  CHECK(sum == Approx(static_cast<double>(value)));
  CHECK(parts == whole);
  const auto some = std::span<const float>(maps).first(2 * kFace);
  CHECK_THROWS_AS(loss(some, truth, weights, {}, kBatch), ArgumentError);  // not said to be a part
  CHECK_THROWS_AS(loss(some, truth, weights, {}, kBatch, nullptr, 4), ArgumentError);
}

TEST_CASE("an output that has a truth, or is none, cannot be a rank's own") {
  const FaceStore faces = small_faces();
  for (const char* name : {"soft_argmax1", "none"}) {
    const std::string why = message_of([&] {
      Network network = with_heatmaps();
      FitOptions options = options_for(network, true);
      options.own_outputs = {name};
      fit(network, faces, nullptr, options);
    });
    CHECK_THAT(why, Catch::Contains("own_outputs") && Catch::Contains("wanted heatmaps, got '" + std::string(name)));
  }
}
