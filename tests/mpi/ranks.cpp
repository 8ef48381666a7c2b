// Run by mpirun: sums over ranks, and a small training that prints a digest of its weights. Without mpirun `threads N`
// trains on N threads, whose sums are the same.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/mpi.hpp"
#include "lineament/random.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/train/local_ranks.hpp"

using namespace lineament;

namespace {

constexpr Shape kInput{8, 8, 3};

/// Noise, and its mean colour to be found.
struct Colours : SampleSource {
  int bad = -1;  ///< a sample that cannot be prepared for training
  std::size_t size() const override { return 24; }
  std::size_t pixels_per_sample() const override { return kInput.size(); }
  std::size_t values_per_sample() const override { return 3; }
  void prepare(std::size_t index, Random, bool augmented, const Sample& to) const override {
    if (augmented && static_cast<int>(index) == bad) throw FormatError({"sample", "is bad", "", "", ""});
    Random random(5, index);
    for (float& v : to.values) v = 0;
    for (std::size_t i = 0; i < to.pixels.size(); ++i) {
      to.pixels[i] = random.uniform();
      to.values[i % 3] += to.pixels[i] / 64;
    }
  }
};

Network network() {
  Spec net;
  net << Conv2d{.channels = 16, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{} << Flatten{};
  net << Dense{.features = 3};
  return Network(net, kInput, 1);
}

unsigned long long digest_of_training(Communicator& ranks, int bad) {
  FitOptions options;
  options.epochs = 4;
  options.batch_size = 12;
  options.threads = 1;
  options.distributed.communicator = &ranks;
  options.distributed.bucket_bytes = 256;
  Network net = network();
  Colours samples;
  if (ranks.rank() == 1) samples.bad = bad;
  fit(net, samples, &samples, options);
  return digest_of_bytes(std::as_bytes(std::as_const(net).weights()));
}

void check_sums(Communicator& ranks) {
  std::vector<float> values(1001);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) + static_cast<float>(ranks.rank());
  RankSums(ranks, 100)(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto n = static_cast<float>(ranks.size());
    if (values[i] != n * static_cast<float>(i) + n * (n - 1) / 2)
      throw TrainingError({"sum", std::to_string(i), "", std::to_string(values[i]), ""});
  }
  int value = ranks.rank() == 1 ? 42 : 0;
  ranks.broadcast(std::as_writable_bytes(std::span(&value, 1)), 1);
  if (value != 42) throw TrainingError({"broadcast", "it did not come", "42", std::to_string(value), ""});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "threads") {
      LocalRanks(std::atoi(argv[2])).run([](Communicator& ranks) {
        const auto digest = digest_of_training(ranks, -1);
        if (ranks.rank() == 0) std::printf("digest %016llx\n", digest);
      });
      return 0;
    }
    const MpiSession mpi;
    MpiCommunicator ranks(MPI_COMM_WORLD, [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
    if (what == "sums") check_sums(ranks);
    const auto digest = digest_of_training(ranks, what == "bad" ? 3 : -1);
    if (ranks.rank() == 0) std::printf("digest %016llx\n", digest);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
