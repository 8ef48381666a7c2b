// Question: what does each pass give? For every named network, inferring and training: time and planned memory with all
// passes, and without each one of them.
#include <benchmark/benchmark.h>

#include <string>

#include "lineament/nn/session.hpp"
#include "lineament/random.hpp"
#include "lineament/zoo/networks.hpp"
#include "timed_passes.hpp"

using namespace lineament;

namespace {

struct Case {
  const char* name;
  bool train;
  int batch, threads;
  Precision precision;
};

void fill(std::span<float> values, std::uint64_t seed) {
  Random random(seed);
  for (float& v : values) v = random.uniform();
}

template <class Session, class Step>
void measure(benchmark::State& state, const Network& network, Session& session, Step&& step) {
  time_passes(state, network, session, step);
  state.counters["planned_MB"] = static_cast<double>(session.arena_bytes() + session.packed_bytes()) / 1e6;
}

void run(benchmark::State& state, const NamedNetwork& named, const Case& c, PassSet without) {
  Network network(named.spec(true, kValues), named.input, 1);
  if (c.train) {
    TrainingSession session(network, {.batch = c.batch, .threads = c.threads, .without = without});
    measure(state, network, session, [&] {
      benchmark::DoNotOptimize(session.forward().data());
      for (std::size_t i = 0; i < network.outputs().size(); ++i) fill(session.output_gradient(i), 2 + i);
      session.zero_gradients();
      session.backward();
    });
    return;
  }
  std::vector<float> image(named.input.size());
  fill(image, 3);
  const std::vector<LayerRange> ranges = measure_ranges(network, image);
  InferenceSession session(
      network,
      {.batch = c.batch, .threads = c.threads, .precision = c.precision, .ranges = ranges, .without = without});
  measure(state, network, session, [&] { benchmark::DoNotOptimize(session.forward().data()); });
}

}  // namespace

int main(int argc, char** argv) {
  constexpr Case kCases[] = {{"infer_b1_t1", false, 1, 1, Precision::fp32},
                             {"infer_b1_t2", false, 1, 2, Precision::fp32},
                             {"infer_b32_t1", false, 32, 1, Precision::fp32},
                             {"infer_int8_b1_t1", false, 1, 1, Precision::int8},
                             {"train_b32_t1", true, 32, 1, Precision::fp32}};
  for (const NamedNetwork& named : named_networks())
    for (const Case& c : kCases) {
      const std::string prefix = std::string(named.name) + "/" + c.name + "/";
      const auto add = [&](const std::string& name, PassSet without) {
        benchmark::RegisterBenchmark((prefix + name).c_str(), run, named, c, without)
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
      };
      add("all", {});
      for (const Pass pass : all_passes()) {
        const bool refused = pass == Pass::choose_kernels && c.precision != Precision::fp32;
        const bool other_mode =
            c.train ? pass == Pass::fold_batch_norm || pass == Pass::quantise || pass == Pass::partition
                    : pass == Pass::defer_norms || pass == Pass::recompute || pass == Pass::rematerialise;
        if (!refused && !other_mode) add("without_" + std::string(name(pass)), {pass});
      }
    }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
