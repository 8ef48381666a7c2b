// Training on several ranks: the same bits every time, nearly those of one, and an end for all where one fails.
#include <cmath>

#include "catch.hpp"
#include "lineament/error.hpp"
#include "train/ranks_support.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

void check_all_alike(const RanksRun& run) {
  for (const Trace& trace : run.traces) {
    CHECK(trace == run.traces[0]);
    CHECK(trace.reports.size() == 3);
  }
}

/// Losses and metrics of each epoch.
void check_near(const Trace& a, const Trace& b, double margin) {
  REQUIRE(a.reports.size() == b.reports.size());
  for (std::size_t e = 0; e < a.reports.size(); ++e) {
    REQUIRE(a.reports[e].size() == b.reports[e].size());
    for (std::size_t i = 0; i < a.reports[e].size(); ++i)
      CHECK(a.reports[e][i] == Approx(b.reports[e][i]).epsilon(margin).margin(1e-9));
  }
}

Network with_norms() {
  return network_with_norms();
}
Network without_norms() {
  return network_without_norms();
}

/// Of every third face only the first half of the points is known: shares of a batch differ in what counts.
struct HalfKnown : SampleSource {
  const SampleSource& samples;
  explicit HalfKnown(const SampleSource& source) : samples(source) {}
  std::size_t size() const override { return samples.size(); }
  std::size_t pixels_per_sample() const override { return samples.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return samples.values_per_sample(); }
  bool weighted() const override { return true; }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    samples.prepare(index, random, augmented, {to.pixels, to.values, {}});
    for (std::size_t v = 0; v < to.weights.size(); ++v)
      to.weights[v] = index % 3 == 0 && v >= to.weights.size() / 2 ? 0.0f : 1.0f;
  }
};

/// Sample 3 is bad where it is asked for as in training, or as in validation.
struct Bad : SampleSource {
  const SampleSource& samples;
  bool in_training = false, plain = false;
  explicit Bad(const SampleSource& source) : samples(source) {}
  std::size_t size() const override { return samples.size(); }
  std::size_t pixels_per_sample() const override { return samples.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return samples.values_per_sample(); }
  void prepare(std::size_t index, Random random, bool augmented, const Sample& to) const override {
    if (index == 3 && (augmented ? in_training : plain)) throw FormatError({"sample", "is bad", "", "", ""});
    samples.prepare(index, random, augmented, to);
  }
};

}  // namespace

TEST_CASE("one rank gives the bits of none") {
  const FaceStore faces = small_faces(16), held_out = small_faces(5, 2);
  const RanksRun run = train_on_ranks(1, with_norms, faces, &held_out, ranks_options());
  CHECK(run.traces[0] == train_alone(with_norms, faces, &held_out, ranks_options()));
}

TEST_CASE("as many ranks, the same bits, on all of them") {
  const FaceStore faces = small_faces(16), held_out = small_faces(5, 2);
  for (const int size : {2, 4}) {
    const RanksRun run = train_on_ranks(size, with_norms, faces, &held_out, ranks_options());
    check_all_alike(run);
    CHECK(train_on_ranks(size, with_norms, faces, &held_out, ranks_options()).traces == run.traces);
  }
}

TEST_CASE("neither overlap nor the size of pieces changes a bit") {
  const FaceStore faces = small_faces(16);
  const RanksRun run = train_on_ranks(2, with_norms, faces, nullptr, ranks_options());
  FitOptions options = ranks_options();
  options.distributed.overlap = false;
  CHECK(train_on_ranks(2, with_norms, faces, nullptr, options).traces == run.traces);
  options.distributed.bucket_bytes = 1000;
  CHECK(train_on_ranks(2, with_norms, faces, nullptr, options).traces == run.traces);
  options.distributed.overlap = true;
  CHECK(train_on_ranks(2, with_norms, faces, nullptr, options).traces == run.traces);
}

TEST_CASE("other numbers of ranks give the same curve: norms see the whole batch") {
  const FaceStore faces = small_faces(16), held_out = small_faces(5, 2);
  const Trace alone = train_alone(with_norms, faces, &held_out, ranks_options());
  for (const int size : {2, 4, 8}) {
    const RanksRun run = train_on_ranks(size, with_norms, faces, &held_out, ranks_options());
    check_near(run.traces[0], alone, 1e-3);
    CHECK(difference(run.traces[0].weights, alone.weights) < 2e-3);
  }
}

TEST_CASE("without norms, too, and where shares of a batch differ in what is known") {
  const FaceStore faces = small_faces(16), others = small_faces(6, 9);
  const HalfKnown half(faces), other_half(others);
  FitOptions options = ranks_options();
  options.metric = {};
  options.mixes.push_back({&other_half, 0.3, 1, 1});
  options.optimizer.kind = OptimizerOptions::Kind::sgd;  // without norms, adam makes much of any rounding
  options.schedule.rate = 0.01f;
  const Trace alone = train_alone(without_norms, half, nullptr, options);
  for (const int size : {2, 4}) {
    const RanksRun run = train_on_ranks(size, without_norms, half, nullptr, options);
    check_all_alike(run);
    check_near(run.traces[0], alone, 1e-3);
    CHECK(run.traces[0].reports[0][4] == Approx(alone.reports[0][4]).epsilon(1e-6));  // the first epoch's loss
  }
}

TEST_CASE("norms over each rank's share: another curve, and still the same on all ranks") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.distributed.norms = NormsOver::rank;
  const RanksRun run = train_on_ranks(2, with_norms, faces, nullptr, options);
  check_all_alike(run);
  const Trace alone = train_alone(with_norms, faces, nullptr, ranks_options());
  CHECK(run.traces[0].weights != alone.weights);
  CHECK(run.traces[0].reports[2][4] == Approx(alone.reports[2][4]).epsilon(0.3));  // the loss
}

TEST_CASE("gradients sent in bf16 train nearly as well") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.distributed.sums = Precision::bf16;
  const RanksRun run = train_on_ranks(2, with_norms, faces, nullptr, options);
  check_all_alike(run);
  const Trace alone = train_alone(with_norms, faces, nullptr, ranks_options());
  CHECK(run.traces[0].weights != train_on_ranks(2, with_norms, faces, nullptr, ranks_options()).traces[0].weights);
  check_near(run.traces[0], alone, 0.05);
}

TEST_CASE("statistics of norms are sent in fp32, however gradients are") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.distributed.norms = NormsOver::rank;
  options.schedule.rate = 0;  // what else there is stays
  const RanksRun run = train_on_ranks(2, with_norms, faces, nullptr, options);
  options.distributed.sums = Precision::bf16;
  CHECK(train_on_ranks(2, with_norms, faces, nullptr, options).traces[0].weights == run.traces[0].weights);
}

TEST_CASE("gradients of several batches are those of one batch as large") {
  const FaceStore faces = small_faces(16);
  FitOptions options = ranks_options();
  options.batch_size = 16;
  const Trace large = train_alone(without_norms, faces, nullptr, options);
  options.batch_size = 4;
  options.accumulate = 4;
  const Trace small = train_alone(without_norms, faces, nullptr, options);
  CHECK(small.step == large.step);
  CHECK(difference(small.weights, large.weights) < 1e-4);
  CHECK(difference(train_on_ranks(2, without_norms, faces, nullptr, options).traces[0].weights, large.weights) < 1e-4);
  options.accumulate = 3;  // 8 batches an epoch: 3 + 3 + 2
  CHECK(train_alone(without_norms, faces, nullptr, options).step == 3 * 3);
  options.accumulate = 0;
  CHECK_THROWS_AS(train_alone(without_norms, faces, nullptr, options), ArgumentError);
}

TEST_CASE("a run goes on with another number of ranks") {
  const FaceStore faces = small_faces(16), held_out = small_faces(5, 2);
  FitOptions options = ranks_options();
  const Trace whole = train_alone(with_norms, faces, &held_out, options);
  const auto stop = [](FitOptions& o, int) { o.patience = 0; };
  RanksRun half;
  {
    // Its first epoch on four ranks.
    LocalRanks ranks(4);
    half.traces.resize(4), half.results.resize(4);
    ranks.run([&](Communicator& communicator) {
      const auto rank = static_cast<std::size_t>(communicator.rank());
      FitOptions own = options;
      own.distributed.communicator = &communicator;
      Network network = with_norms();
      FitCallbacks callbacks;
      callbacks.on_epoch = [&](const EpochReport& r, const Network& n, const TrainingState& state) {
        note(half.traces[rank], r, n, state);
        return communicator.rank() != 3;  // one of them is enough
      };
      half.results[rank] = fit(network, faces, &held_out, own, callbacks);
    });
  }
  for (const FitResult& result : half.results) {
    CHECK(result.ended == Ended::on_epoch);
    CHECK(result.epochs.size() == 1);
  }
  RanksRun rest = train_on_ranks(2, with_norms, faces, &held_out, options, stop, &half);
  REQUIRE(rest.traces[0].reports.size() == 2);
  Trace both = rest.traces[0];
  both.reports.insert(both.reports.begin(), half.traces[0].reports[0]);
  check_near(both, whole, 1e-3);
}

TEST_CASE("a rank with other weights, samples or options is named before anything happens") {
  const FaceStore faces = small_faces(16), fewer = small_faces(12);
  int epochs = 0;
  const auto run = [&](const std::function<void(FitOptions&, Network&, int)>& change, bool other_samples = false) {
    return message_of([&] {
      LocalRanks(3).run([&](Communicator& communicator) {
        FitOptions options = ranks_options();
        options.batch_size = 6;
        options.distributed.communicator = &communicator;
        Network network = with_norms();
        change(options, network, communicator.rank());
        FitCallbacks callbacks;
        callbacks.on_step = [&](const StepReport&) { return ++epochs, true; };
        fit(network, other_samples && communicator.rank() == 2 ? fewer : faces, nullptr, options, callbacks);
      });
    });
  };
  CHECK(run([](FitOptions&, Network& n, int rank) {
          n.weights()[5] += rank == 1 ? 1e-6f : 0.0f;
        }).find("rank 1 of 3: it has other weights") == 0);
  CHECK(run([](FitOptions& o, Network&, int rank) {
          o.seed += rank == 2;
        }).find("rank 2 of 3: it has other samples, options or state") == 0);
  CHECK(run([](FitOptions&, Network&, int) {}, true).find("rank 2 of 3: it has other samples") == 0);
  CHECK(run([](FitOptions& o, Network&, int) { o.batch_size = 8; }) ==
        "FitOptions::batch_size: the batch cannot be shared out over the ranks (wanted a multiple of 3, got 8); it is "
        "the batch of all ranks together");
  CHECK(epochs == 0);
}

TEST_CASE("a rank whose weights go astray in the middle is named") {
  const FaceStore faces = small_faces(16);
  for (const int every : {1, 0}) {
    std::vector<int> steps(2);
    const std::string message = message_of([&] {
      LocalRanks(2).run([&](Communicator& communicator) {
        FitOptions options = ranks_options();
        options.ema = 0;
        options.distributed.communicator = &communicator;
        options.distributed.compare_every = every;
        Network network = without_norms();
        FitCallbacks callbacks;
        int& step = steps[static_cast<std::size_t>(communicator.rank())];
        callbacks.on_step = [&](const StepReport&) {
          if (++step == 2 && communicator.rank() == 1) network.weights()[7] += 1e-5f;  // a bit of its memory fell over
          return true;
        };
        fit(network, faces, nullptr, options, callbacks);
      });
    });
    CHECK(message.find("rank 1 of 2: it has other weights") == 0);
    CHECK(steps == std::vector<int>(2, every == 1 ? 2 : 4));  // at the end of the epoch at the latest
  }
}

TEST_CASE("a rank that throws ends all") {
  const FaceStore faces = small_faces(16), held_out = small_faces(6, 2);
  const auto run = [&](const std::function<void(int rank, Bad&, Bad&, FitCallbacks&)>& change) {
    std::vector<std::string> messages(3);
    LocalRanks ranks(3);
    {
      ranks.run([&](Communicator& communicator) {
        FitOptions options = ranks_options();
        options.batch_size = 6;
        options.distributed.communicator = &communicator;
        Network network = with_norms();
        Bad train(faces), validation(held_out);
        FitCallbacks callbacks;
        change(communicator.rank(), train, validation, callbacks);
        messages[static_cast<std::size_t>(communicator.rank())] =
            message_of([&] { fit(network, train, &validation, options, callbacks); });
      });
    }
    return messages;
  };
  // Faces that a loader thread cannot prepare, those of validation, and a disk that is full.
  for (const auto& messages : {run([](int rank, Bad&train, Bad&, FitCallbacks&) { train.in_training = rank == 1; }),
                               run([](int rank, Bad&, Bad&validation, FitCallbacks&) { validation.plain = rank == 1; }),
                               run([](int rank, Bad&, Bad&, FitCallbacks&callbacks) {
                                 if (rank != 1) return;
                                 callbacks.on_epoch = [](const EpochReport&, const Network&,
                                                         const TrainingState&) -> bool {
                                   throw FileError({"sample", "is bad", "", "", ""});
                                 };
                               })}) {
    CHECK(messages[1] == "sample: is bad");
    CHECK(messages[0] == "rank 1 of 3: sample: is bad");
    CHECK(messages[2] == messages[0]);
  }
}

TEST_CASE("a rank whose callback throws what is no exception ends all") {
  const FaceStore faces = small_faces(16);
  std::vector<std::string> messages(2);
  LocalRanks(2).run([&](Communicator& communicator) {
    const int rank = communicator.rank();
    FitOptions options = ranks_options();
    options.distributed.communicator = &communicator;
    Network network = with_norms();
    FitCallbacks callbacks;
    callbacks.on_step = [&](const StepReport&) -> bool { return rank == 0 ? true : throw 42; };
    std::string& message = messages[static_cast<std::size_t>(rank)];
    try {
      message = message_of([&] { fit(network, faces, nullptr, options, callbacks); });
    } catch (int) {
      message = "42";
    }
  });
  CHECK(messages[1] == "42");
  CHECK(messages[0] == "rank 1 of 2: something was thrown that is no std::exception");
}

TEST_CASE("a loss that is no number ends all ranks with the same words") {
  const FaceStore faces = small_faces(16);
  std::vector<std::string> messages(2);
  LocalRanks(2).run([&](Communicator& communicator) {
    FitOptions options = ranks_options();
    options.distributed.communicator = &communicator;
    options.clip_norm = 0;
    options.schedule = {.rate = 1e30f};
    Network network = without_norms();
    messages[static_cast<std::size_t>(communicator.rank())] =
        message_of([&] { fit(network, faces, nullptr, options); });
  });
  CHECK(messages[0].find("is no longer a number") != std::string::npos);
  CHECK(messages[1] == messages[0]);
}
