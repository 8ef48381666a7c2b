// Every option of a run that ranks have otherwise is found before anything happens.
#include <functional>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "train/ranks_support.hpp"

using namespace lineament;
using namespace lineament::testing;

TEST_CASE("a rank with another option, whichever, is refused before anything happens") {
  const FaceStore faces = small_faces(16);
  const std::vector<std::function<void(FitOptions&)>> changes{
      [](FitOptions& o) { o.seed = (std::uint64_t{1} << 60) + 1; },
      [&](FitOptions& o) { o.mixes[0].share = 0.26; },
      [&](FitOptions& o) { o.mixes[0].share = 0.5; },
      [&](FitOptions& o) { o.mixes[0].gone_at = 0.9; },
      [](FitOptions& o) { o.losses[0].factor = 3; },
      [](FitOptions& o) { o.optimizer.beta1 = 0.8; },
      [](FitOptions& o) { o.optimizer.epsilon = 1e-6; },
      [](FitOptions& o) { o.schedule.warmup_from = 0.5f; },
      [](FitOptions& o) { o.schedule.last = 1e-4f; },
      [](FitOptions& o) { o.frozen = {"dense_1"}; },
      [](FitOptions& o) { o.metric = {}; }};  // or one would lose patience, and the other wait for it
  FitOptions options = ranks_options();
  options.seed = std::uint64_t{1} << 60;
  options.mixes = {{&faces, 0.25}};
  options.losses = {{"dense_1", Wing{}, 1}};
  options.frozen = {"conv2d_1"};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO("change " << i);
    const std::string message = message_of([&] {
      train_on_ranks(
          2, [] { return network_without_norms(); }, faces, nullptr, options,
          [&](FitOptions& own, int rank) {
            if (rank == 1) changes[i](own);
          });
    });
    CHECK(message.find("samples, options or state") != std::string::npos);
  }
}

TEST_CASE("local ranks that exchange different numbers of bytes are told so") {
  LocalRanks ranks(2);
  CHECK_THROWS_AS(ranks.run([](Communicator& c) {
    std::vector<std::byte> mine(c.rank() == 0 ? 8 : 16), all(32);
    c.gather(mine, all);
  }),
                  TrainingError);
}

TEST_CASE("of what ranks throw, that of the rank that failed is thrown, and not what another heard of it") {
  for (int run = 0; run < 20; ++run) {
    LocalRanks ranks(2);
    const std::string message = message_of([&] {
      ranks.run([](Communicator& c) {
        together(c, [&] {
          if (c.rank() == 1) throw ArgumentError({"sample", "is bad", "", "", ""});
        });
      });
    });
    CHECK(message.find("rank 1") == std::string::npos);
    CHECK(message.find("sample") != std::string::npos);
  }
}

TEST_CASE("pieces of any size: one of all gradients is no larger than they are") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.epochs = 1;
  const auto make = [] { return network_without_norms(); };
  options.distributed.bucket_bytes = std::numeric_limits<std::size_t>::max();
  const RanksRun run = train_on_ranks(2, make, faces, nullptr, options);
  options.distributed.bucket_bytes = 1000;
  CHECK(train_on_ranks(2, make, faces, nullptr, options).traces[0].weights == run.traces[0].weights);
  options.distributed.bucket_bytes = 3;
  CHECK_THROWS_AS(train_on_ranks(2, make, faces, nullptr, options), ArgumentError);
}

TEST_CASE("options that are refused leave the network as it was") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.mixes = {{&faces, 2}};
  Network network = network_without_norms();
  const std::vector<float> before(network.weights().begin(), network.weights().end());
  CHECK_THROWS_AS(fit(network, faces, nullptr, options), ArgumentError);
  CHECK(std::equal(before.begin(), before.end(), network.weights().begin()));
}
