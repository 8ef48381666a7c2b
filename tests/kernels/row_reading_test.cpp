// The ways of reading a dense layer's weights: the same bits, and a choice by trial.
#include "kernels/conv/row_reading.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include "kernels/compare.hpp"

using namespace lineament;
using namespace lineament::testing;

namespace {

constexpr RowReading kAll[] = {RowReading::near, RowReading::far, RowReading::every};

/// Passes over a layer, in which only `fast` takes no time, and that not the first time in a row: how often each way
/// was taken.
std::map<RowReading, int> passes(const RowReadingLayer& layer, int count, RowReading fast) {
  std::map<RowReading, int> taken;
  std::optional<RowReading> before;
  for (int i = 0; i < count; ++i) {
    const RowReadingPass pass(layer);
    ++taken[pass.how()];
    const bool first = before != pass.how();
    before = pass.how();
    if (first || pass.how() != fast) std::this_thread::sleep_for(std::chrono::milliseconds(first ? 3 : 1));
  }
  return taken;
}

}  // namespace

TEST_CASE("every way of reading a dense layer's weights gives the same bits") {
  const IsaRestorer restorer;
  struct Size {
    int in, out, batch;
  };
  for (const auto& [in, out, batch] :
       {Size{1030, 3, 1}, Size{1030, 128, 1}, Size{1030, 145, 1}, Size{3001, 3, 1}, Size{3001, 128, 1},
        Size{3001, 145, 1}, Size{3001, 145, 2}, Size{1100, 301, 5}, Size{3001, 145, 35}, Size{66'000, 3, 1}}) {
    Network network(Spec() << Dense{.features = out}, Shape{in}, 1);
    put(network.weights(), random_values<double>(network.weights().size(), 30));
    auto values = random_values<double>(static_cast<std::size_t>(batch * in), 1);
    for (double& v : values) v = std::max(v, 0.0);  // half of them are zero
    for (const std::string& isa : available_isas())
      for (const Precision precision : {Precision::fp32, Precision::bf16}) {
        INFO(in << " to " << out << ", batch " << batch << ", " << isa);
        force_isa(isa);
        std::vector<float> first;
        for (const RowReading how : kAll)
          for (const int threads : {1, 2, 4}) {
            const RowReadingForced forced(how);
            LayerRun<float> run(network, {.batch = batch,
                                          .threads = threads,
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
  // None is so large.
  RowReadingLayer layer{.ways = 3, .batch = 1, .rows = 1'000'003, .columns = 1000, .weight_bytes = 4, .threads = 1};
  for (const RowReading fast : kAll) {
    const auto tried = passes(layer, kRowReadingTrials, fast);
    for (const RowReading how : kAll) CHECK(tried.at(how) == kRowReadingTrials / 3);
    CHECK(passes(layer, 5, fast).at(fast) == 5);
    // Every other layer, and several threads, which share the way to memory, have a choice of their own.
    for (int part = 0; part < 5; ++part) {
      RowReadingLayer other = layer;
      if (part == 0) other.batch = 2;
      if (part == 1) ++other.rows;
      if (part == 2) ++other.columns;
      if (part == 3) other.weight_bytes = 2;
      if (part == 4) other.threads = 2;
      INFO(part);
      CHECK(passes(other, kRowReadingTrials, RowReading::every).size() == 3);
    }
    layer.rows += 2;
  }
  layer.ways = 2;
  const auto tried = passes(layer, kRowReadingTrials, RowReading::far);
  for (const RowReading how : {RowReading::near, RowReading::far}) CHECK(tried.at(how) == kRowReadingTrials / 2);
  CHECK(passes(layer, 5, RowReading::far).at(RowReading::far) == 5);
}

TEST_CASE("weights that stay in the cache are read the usual way, without trials") {
  const RowReadingLayer layer{.ways = 3, .batch = 1, .rows = 160, .columns = 100, .weight_bytes = 4, .threads = 1};
  CHECK(passes(layer, kRowReadingTrials, RowReading::every).at(RowReading::near) == kRowReadingTrials);
}

TEST_CASE("passes that end after the choice leave it as it is") {
  const RowReadingLayer layer{
      .ways = 3, .batch = 1, .rows = 1'000'033, .columns = 1000, .weight_bytes = 4, .threads = 1};
  for (int i = 0; i < kRowReadingTrials - 1; ++i) {
    const RowReadingPass pass(layer);
    std::this_thread::sleep_for(std::chrono::milliseconds(pass.how() == RowReading::every ? 5 : 20));
  }
  std::optional<RowReadingPass> last(layer), late(layer), fastest(layer);
  CHECK(fastest->how() == RowReading::near);
  last.reset();
  fastest.reset();  // faster than all before
  late.reset();
  CHECK(RowReadingPass(layer).how() == RowReading::every);
}
