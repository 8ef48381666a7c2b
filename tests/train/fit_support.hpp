// Small faces and a small network for the tests of training.
#pragma once
#include <atomic>

#include "lineament/landmarker/face_store.hpp"
#include "lineament/landmarker/face_training.hpp"
#include "lineament/nn/network.hpp"
#include "lineament/train/fit.hpp"

namespace lineament::testing {

inline constexpr Shape kSmall{32, 32, 3};

inline FaceStore small_faces(std::size_t count, std::uint64_t seed = 1) {
  StoreOptions options;
  options.preprocessing.size = kSmall.width();
  options.threads = 1;
  return FaceStore::draw(seed, count, options, {.size = 64});
}

/// Batch norm, dropout and enough weights for the work to be cut into several pieces.
inline Network small_network(std::uint64_t seed = 1) {
  Spec net;
  net << Conv2d{.channels = 8, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Conv2d{.channels = 16, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Flatten{} << Dropout{.rate = 0.2f};
  net << Dense{.features = 64, .bias = false} << BatchNorm{} << ReLU{} << Dense{.features = kValues};
  return Network(net, kSmall, seed);
}

/// Passes samples on and notes how they were asked for; sample `bad` throws.
struct Watched : SampleSource {
  const SampleSource& samples;
  std::size_t bad = ~std::size_t{0};
  mutable std::atomic<int> augmented{0}, plain{0};

  explicit Watched(const SampleSource& source) : samples(source) {}
  std::size_t size() const override { return samples.size(); }
  std::size_t pixels_per_sample() const override { return samples.pixels_per_sample(); }
  std::size_t values_per_sample() const override { return samples.values_per_sample(); }
  void prepare(std::size_t index, Random random, bool with_augmentation, const Sample& to) const override {
    if (index == bad) throw FormatError({"sample", "is bad", "", "", ""});
    ++(with_augmentation ? augmented : plain);
    samples.prepare(index, random, with_augmentation, to);
  }
};

/// All that a run leaves behind, apart from times.
struct Trace {
  std::vector<float> weights, optimizer;
  std::uint64_t step = 0;
  std::vector<std::vector<double>> reports;
  friend bool operator==(const Trace&, const Trace&) = default;
};

inline std::vector<double> numbers(const EpochReport& r) {
  std::vector<double> n{static_cast<double>(r.epoch), r.learning_rate, r.best ? 1.0 : 0.0};
  const auto add = [&](const Means& means) {
    n.insert(n.end(), {static_cast<double>(means.samples), means.loss});
    for (const NamedValue& m : means.metrics) n.push_back(m.value);
  };
  add(r.train);
  if (r.validation) add(*r.validation);
  return n;
}

/// Adds an epoch to `trace`, which then holds the state after it.
inline void note(Trace& trace, const EpochReport& report, const Network& network, const TrainingState& state) {
  trace.weights.assign(network.weights().begin(), network.weights().end());
  trace.optimizer = state.optimizer;
  trace.step = state.step;
  trace.reports.push_back(numbers(report));
}

}  // namespace lineament::testing
