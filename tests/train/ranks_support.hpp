// Training on ranks that are threads of the test.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "lineament/error.hpp"
#include "lineament/train/fit.hpp"
#include "lineament/train/local_ranks.hpp"
#include "train/fit_support.hpp"

namespace lineament::testing {

/// What `f` threw.
inline std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

/// Batch norms, no dropout: every rank would have a mask of its own.
inline Network network_with_norms(std::uint64_t seed = 1) {
  Spec net;
  net << Conv2d{.channels = 8, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Conv2d{.channels = 16, .bias = false} << BatchNorm{} << ReLU{} << MaxPool{};
  net << Conv2d{.channels = 16, .kernel = 1, .bias = false} << BatchNorm{} << ReLU{};
  net << Flatten{} << Dense{.features = 32, .bias = false} << BatchNorm{} << ReLU{} << Dense{.features = kValues};
  return Network(net, kSmall, seed);
}

inline Network network_without_norms(std::uint64_t seed = 1) {
  Spec net;
  net << Conv2d{.channels = 8} << LeakyReLU{} << MaxPool{} << Conv2d{.channels = 8} << LeakyReLU{} << MaxPool{};
  net << Flatten{} << Dense{.features = kValues};
  return Network(net, kSmall, seed);
}

/// Three epochs, each of 16 faces twice.
inline FitOptions ranks_options() {
  FitOptions options;
  options.epochs = 3;
  options.batch_size = 8;
  options.copies = 2;
  options.metric = face_metric();
  options.clip_norm = 0.5;
  options.ema = 0.9;
  options.seed = 3;
  options.threads = 1;
  options.distributed.compare_every = 1;
  return options;
}

/// What each rank of a run has at its end. `change` may change a rank's options.
struct RanksRun {
  std::vector<Trace> traces;
  std::vector<FitResult> results;
};

using ChangeOptions = std::function<void(FitOptions&, int rank)>;

inline RanksRun train_on_ranks(int size, const std::function<Network()>& make, const SampleSource& train,
                               const SampleSource* held_out, FitOptions options, const ChangeOptions& change = {},
                               const RanksRun* resumed = nullptr) {
  const auto count = static_cast<std::size_t>(size);
  RanksRun run{std::vector<Trace>(count), std::vector<FitResult>(count)};
  LocalRanks ranks(size);
  ranks.run([&](Communicator& communicator) {
    const auto rank = static_cast<std::size_t>(communicator.rank());
    FitOptions own = options;
    own.distributed.communicator = &communicator;
    if (change) change(own, communicator.rank());
    Network network = make();
    if (resumed != nullptr)
      std::copy(resumed->traces[0].weights.begin(), resumed->traces[0].weights.end(), network.weights().begin());
    FitCallbacks callbacks;
    callbacks.on_epoch = [&](const EpochReport& r, const Network& n, const TrainingState& state) {
      note(run.traces[rank], r, n, state);
      return true;
    };
    run.results[rank] = fit(network, train, held_out, own, callbacks, resumed ? &resumed->results[0].state : nullptr);
  });
  return run;
}

/// The same with no communicator.
inline Trace train_alone(const std::function<Network()>& make, const SampleSource& train, const SampleSource* held_out,
                         const FitOptions& options) {
  Trace trace;
  Network network = make();
  FitCallbacks callbacks;
  callbacks.on_epoch = [&](const EpochReport& r, const Network& n, const TrainingState& state) {
    note(trace, r, n, state);
    return true;
  };
  fit(network, train, held_out, options, callbacks);
  return trace;
}

/// The largest difference of two lists, as long as each other.
inline double difference(const std::vector<float>& a, const std::vector<float>& b) {
  double most = a.size() == b.size() ? 0 : 1e9;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return most;
}

}  // namespace lineament::testing
