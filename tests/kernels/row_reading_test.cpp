// The ways of reading a dense layer's weights: the same bits, and a choice by trial.
#include "kernels/conv/row_reading.hpp"

#include <chrono>
#include <map>
#include <thread>

#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr RowReading kAll[] = {RowReading::present, RowReading::present_far, RowReading::every};

/// Passes over weights of so many bytes, in which only `fast` takes no time: how often each way was taken.
std::map<RowReading, int> passes(std::size_t bytes, int threads, int count, RowReading fast) {
  std::map<RowReading, int> taken;
  for (int i = 0; i < count; ++i) {
    const RowReadingPass pass(bytes, threads);
    ++taken[pass.how()];
    if (pass.how() != fast) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return taken;
}

}  // namespace

TEST_CASE("every way of reading a dense layer's weights gives the same bits") {
  const IsaRestorer restorer;
  for (const int in : {1030, 3001})
    for (const int out : {3, 128, 145}) {
      Network network(Spec() << Dense{.features = out}, Shape{in}, 1);
      put(network.weights(), random_values<double>(network.weights().size(), 30));
      auto values = random_values<double>(static_cast<std::size_t>(in), 1);
      for (double& v : values) v = std::max(v, 0.0);  // half of them are zero
      for (const std::string& isa : available_isas())
        for (const Precision precision : {Precision::fp32, Precision::bf16}) {
          INFO(in << " to " << out << ", " << isa);
          force_isa(isa);
          std::vector<float> first;
          for (const RowReading how : kAll)
            for (const int threads : {1, 2, 4}) {
              const RowReadingForced forced(how);
              LayerRun<float> run(network, {.threads = threads,
                                            .precision = precision,
                                            .kernel = precision == Precision::fp32 ? "gemm" : "bf16_weights"});
              put(run.input(), values);
              run.forward();
              const auto got = copy_of(run.output());
              if (first.empty()) first.assign(got.begin(), got.end());
              CHECK(std::equal(first.begin(), first.end(), got.begin(), got.end()));
            }
        }
    }
}

TEST_CASE("the fastest way of reading weights is found in the first passes, and stays") {
  std::size_t bytes = std::size_t{1} << 40;  // no other test has such layers
  for (const RowReading fast : kAll) {
    const auto tried = passes(bytes, 1, kRowReadingTrials, fast);
    for (const RowReading how : kAll) CHECK(tried.at(how) == kRowReadingTrials / kRowReadings);
    CHECK(passes(bytes, 1, 5, fast).at(fast) == 5);
    // Several threads share the way to memory: another choice.
    CHECK(passes(bytes, 2, kRowReadingTrials, RowReading::every).size() == kRowReadings);
    bytes *= 2;
  }
}

TEST_CASE("weights that stay in the cache are read the usual way, without trials") {
  CHECK(passes(64 * 1024, 1, kRowReadingTrials, RowReading::present).at(RowReading::present) == kRowReadingTrials);
}
