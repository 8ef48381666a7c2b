// Batch norms in training on several ranks: over a rank's own samples, and where their exchange fails.
#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "train/ranks_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

void check_all_alike(const RanksRun& run) {
  for (const Trace& trace : run.traces) CHECK(trace == run.traces[0]);
}

Network with_norms() {
  return network_with_norms();
}

/// Faces that are white all over.
struct White : SampleSource {
  const SampleSource& samples;
  explicit White(const SampleSource& source) : samples(source) {}
  std::size_t size() const override { return samples.size(); }
  std::size_t pixels_per_sample() const override { return samples.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return samples.values_per_sample(); }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    samples.prepare(index, random, augmented, to);
    std::fill(to.pixels.begin(), to.pixels.end(), 1.0f);
  }
};

/// The exchanges of norms fail after some calls.
class FailsBeside final : public Communicator {
 public:
  FailsBeside(Communicator& ranks, int good) : ranks_(ranks), beside_(*ranks.beside(), good) {}
  int rank() const override { return ranks_.rank(); }
  int size() const override { return ranks_.size(); }
  bool any_thread() const override { return ranks_.any_thread(); }
  Communicator* beside() override { return &beside_; }
  void exchange(std::span<const std::byte> mine, std::span<std::byte> received) override {
    ranks_.exchange(mine, received);
  }
  void gather(std::span<const std::byte> mine, std::span<std::byte> all) override { ranks_.gather(mine, all); }
  void broadcast(std::span<std::byte> bytes, int from) override { ranks_.broadcast(bytes, from); }
  void end_all(const std::string& line) noexcept override { ranks_.end_all(line); }

 private:
  struct Failing final : Communicator {
    Failing(Communicator& way, int calls) : ranks(way), good(calls) {}
    int rank() const override { return ranks.rank(); }
    int size() const override { return ranks.size(); }
    void exchange(std::span<const std::byte> mine, std::span<std::byte> received) override {
      ranks.exchange(mine, received);
    }
    void gather(std::span<const std::byte> mine, std::span<std::byte> all) override {
      if (good-- == 0) throw TrainingError({"network cable", "is out", "", "", ""});
      ranks.gather(mine, all);
    }
    void broadcast(std::span<std::byte> bytes, int from) override { ranks.broadcast(bytes, from); }
    void end_all(const std::string& line) noexcept override { ranks.end_all(line); }

    Communicator& ranks;
    int good;  ///< calls until then
  };

  Communicator& ranks_;
  Failing beside_;
};

}  // namespace

TEST_CASE("norms over each rank's share see the mix, and their averages know what lies between it and the rest") {
  const FaceStore faces = small_faces(16), held_out = small_faces(5, 2);
  const White white(faces);
  FitOptions options = ranks_options();
  options.mixes.push_back({&white, 0.5, 1, 1});
  const Trace alone = train_alone(with_norms, faces, &held_out, options);
  options.distributed.norms = NormsOver::rank;
  const RanksRun run = train_on_ranks(2, with_norms, faces, &held_out, options);
  check_all_alike(run);
  const Network network = with_norms();
  std::size_t norms = 0;
  for (const ParamInfo& p : network.params()) {
    if (p.trainable || p.name.find("running_var") == std::string::npos) continue;
    ++norms;
    double of_ranks = 0, of_batch = 0;
    for (std::size_t i = p.offset; i < p.offset + p.size; ++i)
      of_ranks += run.traces[0].weights[i], of_batch += alone.weights[i];
    CHECK(of_ranks == Approx(of_batch).epsilon(0.2));
  }
  CHECK(norms == 4);
}

TEST_CASE("an exchange that fails while gradients are on their way ends the run, and nothing more") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.distributed.bucket_bytes = 4096;
  for (int good = 3; good < 16; ++good) {
    LocalRanks ranks(2);
    CHECK_THROWS_AS(ranks.run([&](Communicator& c) {
      FailsBeside failing(c, good);
      FitOptions own = options;
      own.distributed.communicator = &failing;
      Network network = with_norms();
      fit(network, faces, nullptr, own);
    }),
                    TrainingError);
  }
}
