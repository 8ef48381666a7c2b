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

/// Passes over a layer of which only the second ones in a row are as fast as they say, and of those `fast` is the
/// fastest: how often each way was taken.
std::map<RowReading, int> passes(const RowReadingLayer& layer, int count, RowReading fast) {
  std::map<RowReading, int> taken;
  std::optional<RowReading> before;
  for (int i = 0; i < count; ++i) {
    const RowReadingPass pass(layer);
    const bool first = before != pass.how();
    before = pass.how();
    ++taken[pass.how()];
    const int slow = first ? 0 : 6, quick = first ? 6 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(pass.how() == fast ? quick : slow));
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
  // No other test has a layer so large: choices last as long as the process.
  RowReadingLayer layer{
      .ways = kSampleReadings, .batch = 1, .rows = 1'000'003, .columns = 1000, .weight_bytes = 4, .threads = 1};
  for (const RowReading fast : kAll) {
    const auto tried = passes(layer, layer.trials(), fast);
    for (const RowReading how : kAll) CHECK(tried.at(how) == layer.trials() / kSampleReadings);
    CHECK(passes(layer, 5, fast).at(fast) == 5);
    layer.rows += 2;
  }
  layer.ways = kBatchReadings;
  const auto tried = passes(layer, layer.trials(), RowReading::far);
  for (const RowReading how : {RowReading::near, RowReading::far})
    CHECK(tried.at(how) == layer.trials() / kBatchReadings);
  CHECK(passes(layer, 5, RowReading::far).at(RowReading::far) == 5);
}

TEST_CASE("every kind of layer has a choice of its own, and so have one thread and several") {
  RowReadingLayer layer{
      .ways = kBatchReadings, .batch = 1, .rows = 1'000'033, .columns = 1000, .weight_bytes = 4, .threads = 1};
  passes(layer, layer.trials(), RowReading::far);
  RowReadingLayer others[] = {layer, layer, layer, layer, layer};
  others[0].batch = 2;
  ++others[1].rows;
  ++others[2].columns;
  others[3].weight_bytes = 2;
  others[4].threads = 2;
  for (const RowReadingLayer& other : others) {
    INFO(&other - others);
    CHECK(RowReadingPass(other).how() == RowReading::near);  // the first of its trials
  }
  layer.rows += 10;
  layer.threads = 2;
  passes(layer, layer.trials(), RowReading::far);
  layer.threads = 3;
  CHECK(RowReadingPass(layer).how() == RowReading::far);
}

TEST_CASE("weights that stay in the cache are read the usual way, without trials") {
  const RowReadingLayer layer{
      .ways = kSampleReadings, .batch = 1, .rows = 160, .columns = 100, .weight_bytes = 4, .threads = 1};
  CHECK(passes(layer, layer.trials(), RowReading::every).at(RowReading::near) == layer.trials());
}

TEST_CASE("passes that end after the choice leave it as it is") {
  const RowReadingLayer layer{
      .ways = kSampleReadings, .batch = 1, .rows = 1'000'093, .columns = 1000, .weight_bytes = 4, .threads = 1};
  const auto wait = [](int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); };
  for (int i = 0; i < layer.trials() - 1; ++i) {
    const RowReadingPass pass(layer);
    wait(pass.how() == RowReading::every ? 10 : 20);
  }
  std::optional<RowReadingPass> last(layer);
  CHECK(last->how() == RowReading::every);
  wait(10);
  std::optional<RowReadingPass> late(layer), fastest(layer);
  CHECK(fastest->how() == RowReading::near);
  last.reset();
  fastest.reset();  // 10 ms faster than all before
  late.reset();
  CHECK(RowReadingPass(layer).how() == RowReading::every);
}
