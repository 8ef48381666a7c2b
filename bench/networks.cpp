// Question: how fast is a whole network, in training and inference, and how much memory does it take? For each case:
// time a step, images/s, GFLOP/s (two for each multiply-add; three times that in training) and the planned memory.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <string>

#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/train/losses.hpp"
#include "lineament/train/optimizers.hpp"
#include "lineament/zoo/networks.hpp"
#include "timed_passes.hpp"

using namespace lineament;

namespace {

void fill(std::span<float> values, std::uint64_t seed) {
  Random random(seed);
  for (float& v : values) v = random.uniform();
}

void report(benchmark::State& state, const Network& network, double passes, int batch, std::size_t bytes) {
  const double images = static_cast<double>(state.iterations()) * batch;
  const double flops = 2 * passes * static_cast<double>(network.multiply_adds()) * images;
  state.counters["images/s"] = benchmark::Counter(images, benchmark::Counter::kIsRate);
  state.counters["GFLOP/s"] = benchmark::Counter(flops / 1e9, benchmark::Counter::kIsRate);
  state.counters["planned_MB"] = static_cast<double>(bytes) / 1e6;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MB"] = static_cast<double>(usage.ru_maxrss) / 1e3;  // of the process so far
}

void infer(benchmark::State& state, const NamedNetwork& named, Precision precision) {
  const int batch = static_cast<int>(state.range(0)), threads = static_cast<int>(state.range(1));
  const Network network(named.spec(true, kValues), named.input, 1);
  std::vector<float> pictures(4 * network.input_shape().size());
  fill(pictures, 3);
  const std::vector<LayerRange> ranges = measure_ranges(network, pictures);
  InferenceSession session(network, {.batch = batch, .threads = threads, .precision = precision, .ranges = ranges});
  time_passes(state, network, session, [&] { benchmark::DoNotOptimize(session.forward().data()); });
  report(state, network, 1, batch, session.arena_bytes() + session.packed_bytes() + 4 * network.weights().size());
}

void train_step(benchmark::State& state, const NamedNetwork& named, Precision precision) {
  const int batch = static_cast<int>(state.range(0)), threads = static_cast<int>(state.range(1));
  Network network(named.spec(true, kValues), named.input, 1);
  TrainingSession session(network, {.batch = batch, .threads = threads, .precision = precision});
  Optimizer adam({}, network.trainable_size());
  std::vector<float> target(session.output(0).size());
  fill(target, 2);
  time_passes(state, network, session, [&] {
    const auto output = session.forward();
    L2{}(output, target, {}, session.output_gradient(), batch);
    for (std::size_t i = 1; i < network.outputs().size(); ++i)
      std::fill(session.output_gradient(i).begin(), session.output_gradient(i).end(), 0.0f);
    session.zero_gradients();
    session.backward();
    adam.step(network.weights().first(network.trainable_size()), session.gradients(), 1e-4f, 1,
              OnThreads{session.threads()});
  });
  report(state, network, 3, batch, session.arena_bytes() + 4 * (2 * network.weights().size() + adam.state().size()));
}

}  // namespace

int main(int argc, char** argv) {
  for (const NamedNetwork& named : named_networks()) {
    const std::string name(named.name);
    for (const auto& [precision, suffix] :
         {std::pair(Precision::fp32, ""), std::pair(Precision::bf16, "_bf16"), std::pair(Precision::int8, "_int8")})
      benchmark::RegisterBenchmark((name + "/infer" + suffix).c_str(), infer, named, precision)
          ->ArgsProduct({{1, 32}, {1, 2}})
          ->ArgNames({"batch", "threads"})
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    for (const auto& [precision, suffix] : {std::pair(Precision::fp32, ""), std::pair(Precision::bf16, "_bf16")})
      benchmark::RegisterBenchmark((name + "/train" + suffix).c_str(), train_step, named, precision)
          ->ArgsProduct({{32}, {1, 2}})
          ->ArgNames({"batch", "threads"})
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
